-- name: numbers
SELECT j.seq FROM journal j JOIN chains c ON c.id = j.chain WHERE c.name = :name ORDER BY j.n

-- name: latest
SELECT body FROM journal ORDER BY seq DESC LIMIT 1

-- name: latest_slot
SELECT max(reached) FROM specialists

-- name: forgotten
SELECT value FROM meta WHERE key = 'forgotten'
