-- name: set
UPDATE specialists SET paused = :event WHERE name = :name

-- name: clear
UPDATE specialists SET paused = NULL WHERE name = :name

-- name: every
SELECT '', j.body FROM meta m JOIN journal j ON j.seq = m.value WHERE m.key = 'paused'
UNION ALL
SELECT s.name, j.body FROM specialists s JOIN journal j ON j.seq = s.paused WHERE s.paused IS NOT NULL

-- name: holding
SELECT j.body FROM journal j WHERE j.seq = coalesce(
    (SELECT value FROM meta WHERE key = 'paused'), (SELECT paused FROM specialists WHERE name = :name))
