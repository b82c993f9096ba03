-- name: put
INSERT INTO labels (item, signal, author, at, why, checksum) VALUES (:item, :signal, :by, :at, :why, :checksum)
ON CONFLICT (item) DO UPDATE SET signal = excluded.signal, author = excluded.author, at = excluded.at,
why = excluded.why, checksum = excluded.checksum

-- name: of_specialist
SELECT l.item, l.signal, l.author, l.at, l.why FROM labels l JOIN items i ON i.number = l.item
WHERE i.specialist = :specialist ORDER BY l.item
