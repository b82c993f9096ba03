-- name: sealed
SELECT 1 FROM chains WHERE id = :chain AND sealed = 1

-- name: paused
SELECT paused FROM specialists WHERE name = :name

-- name: pending
SELECT 1 FROM runs WHERE state = 'pending' LIMIT 1

-- name: frozen
SELECT 1 FROM frozen WHERE event = :seq
