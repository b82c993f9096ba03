-- name: add
INSERT INTO occurrences (specialist, slot, last, slots, outcome, why, items, started, ended, checksum)
VALUES (:specialist, :slot, :last, :slots, :outcome, :why, :items, :started, :ended, :checksum)
ON CONFLICT (specialist, slot, outcome) DO UPDATE SET last = excluded.last, slots = excluded.slots, why = excluded.why,
items = excluded.items, started = excluded.started, ended = excluded.ended, checksum = excluded.checksum

-- name: latest
SELECT slot, last, slots, outcome, why, items, started, ended FROM occurrences
WHERE specialist = :specialist ORDER BY slot DESC LIMIT :count

-- name: of_specialist
SELECT slot, last, slots, outcome, why, items, started, ended FROM occurrences
WHERE specialist = :specialist ORDER BY slot, outcome

-- name: end
SELECT last, slots FROM occurrences WHERE specialist = :specialist AND slot = :slot AND outcome = :outcome
