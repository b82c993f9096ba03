-- name: add
INSERT INTO items (specialist, source, id, digest, state, seen, checksum, state_checksum)
VALUES (:specialist, :source, :id, :digest, :state, :seen, :checksum, :state_checksum)
ON CONFLICT (specialist, source, id, digest) DO UPDATE
SET withdrawn = NULL, state = CASE WHEN items.run IS NULL THEN excluded.state ELSE items.state END,
    seen = CASE WHEN items.run IS NULL THEN excluded.seen ELSE items.seen END,
    checksum = CASE WHEN items.run IS NULL THEN excluded.checksum ELSE items.checksum END,
    state_checksum = CASE WHEN items.run IS NULL THEN excluded.state_checksum ELSE items.state_checksum END
WHERE items.withdrawn IS NOT NULL RETURNING number, run

-- name: fill
INSERT INTO contents (item, body, checksum) VALUES (:number, :body, :checksum)
ON CONFLICT (item) DO UPDATE SET body = excluded.body, checksum = excluded.checksum

-- name: withdraw
UPDATE items SET withdrawn = :at, state = CASE WHEN run IS NULL THEN 'withdrawn' ELSE state END
WHERE specialist = :specialist AND source = :source AND id = :id AND withdrawn IS NULL RETURNING number, run, state

-- name: vouch
UPDATE items SET state_checksum = :checksum WHERE number = :number

-- name: withdrawn
SELECT number, withdrawn FROM items WHERE run = :run AND withdrawn IS NOT NULL ORDER BY number

-- name: in_state (the condition of the index items_open is spelled out where that index is to be used)
SELECT i.number, i.specialist, i.source, i.id, i.state, i.seen, i.run, c.body FROM items i
LEFT JOIN contents c ON c.item = i.number
WHERE specialist = :specialist AND state = :state AND number > :after
AND (state IN ('new', 'waiting') OR (state = 'signal' AND run IS NULL))
ORDER BY number LIMIT :count

-- name: of_run
SELECT i.number, i.specialist, i.source, i.id, i.state, i.seen, i.run, c.body FROM items i
LEFT JOIN contents c ON c.item = i.number WHERE i.run = :run ORDER BY i.number

-- name: numbers_of_run
SELECT number FROM items WHERE run = :run ORDER BY number

-- name: signals
SELECT number, seen FROM items
WHERE specialist = :specialist AND state = 'signal' AND run IS NULL
AND (state IN ('new', 'waiting') OR (state = 'signal' AND run IS NULL))
ORDER BY number LIMIT :count

-- name: one
SELECT i.number, i.specialist, i.source, i.id, i.state, i.seen, i.run, c.body FROM items i
LEFT JOIN contents c ON c.item = i.number WHERE i.number = :number

-- name: move
UPDATE items SET state = :state, state_checksum = :checksum WHERE number = :number AND state IN ('new', 'waiting')

-- name: lift
UPDATE items SET state = 'signal', state_checksum = :checksum WHERE number = :number AND state = 'dismissed'

-- name: take
UPDATE items SET run = :run, state_checksum = :checksum WHERE number = :number AND state = 'signal' AND run IS NULL

-- name: owing
SELECT DISTINCT specialist FROM items WHERE state IN ('new', 'waiting') OR (state = 'signal' AND run IS NULL)

-- name: counts
SELECT CASE WHEN state = 'signal' AND run IS NULL THEN 'queued' ELSE state END, count(*)
FROM items WHERE specialist = :specialist GROUP BY 1

-- name: latest
SELECT i.number, i.specialist, i.source, i.id, i.state, i.seen, i.run, c.body FROM items i
LEFT JOIN contents c ON c.item = i.number
WHERE specialist = :specialist AND (state = :state OR :state = '') ORDER BY number DESC LIMIT :count

-- name: unlabelled
SELECT i.number, i.specialist, i.source, i.id, i.state, i.seen, i.run, c.body FROM items i
JOIN contents c ON c.item = i.number
WHERE specialist = :specialist AND state IN ('dismissed', 'signal')
AND NOT EXISTS (SELECT 1 FROM labels l WHERE l.item = i.number)
ORDER BY number DESC LIMIT :count

-- name: let_through
SELECT i.number, i.specialist, i.source, i.id, i.state, i.seen, i.run, c.body FROM items i
JOIN contents c ON c.item = i.number
WHERE specialist = :specialist AND state = 'signal'
AND NOT EXISTS (SELECT 1 FROM labels l WHERE l.item = i.number) ORDER BY number

-- name: from_number
SELECT i.number, i.specialist, i.source, i.id, i.state, i.seen, i.run, c.body FROM items i
LEFT JOIN contents c ON c.item = i.number
WHERE specialist = :specialist AND number > :after ORDER BY number LIMIT :count

-- name: listed
SELECT 1 FROM items WHERE run = :run AND withdrawn IS NULL LIMIT 1
