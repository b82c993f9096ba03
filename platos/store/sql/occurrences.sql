-- name: add
INSERT INTO occurrences (specialist, slot, last, slots, outcome, why, items, started, ended)
VALUES (:specialist, :slot, :last, :slots, :outcome, :why, :items, :started, :ended)
ON CONFLICT (specialist, slot, outcome) DO UPDATE SET why = excluded.why, items = excluded.items, ended = excluded.ended

-- name: latest
SELECT slot, last, slots, outcome, why, items, started, ended FROM occurrences
WHERE specialist = :specialist ORDER BY slot DESC LIMIT :count
