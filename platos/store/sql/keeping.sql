-- name: cut
SELECT cut FROM chains WHERE id = :chain

-- name: paused
SELECT paused FROM specialists WHERE name = :name

-- name: pending
SELECT 1 FROM runs WHERE state = 'pending' LIMIT 1

-- name: dropped
SELECT 1 FROM runs WHERE id = :run AND checksum IS NOT NULL
