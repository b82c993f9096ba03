-- name: numbers
SELECT j.seq FROM journal j JOIN chains c ON c.id = j.chain WHERE c.name = :name ORDER BY j.n

-- name: first
SELECT j.body FROM journal j JOIN chains c ON c.id = j.chain WHERE c.name = :name AND j.n = 1

-- name: latest
SELECT body FROM journal ORDER BY seq DESC LIMIT 1

-- name: latest_slot
SELECT max(reached) FROM specialists
