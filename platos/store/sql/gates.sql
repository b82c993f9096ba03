-- name: open
INSERT INTO gates (id, run, effect, state, digest, event, opened, expires)
VALUES (:id, :run, :effect, 'open', :digest, :event, :opened, :expires)

-- name: decide
UPDATE gates SET state = :state, decided = :at, decider = :by, reason = :reason WHERE id = :id AND state = :old

-- name: one
SELECT g.id, g.run, g.effect, g.state, g.opened, g.decided, g.decider, g.reason, j.body FROM gates g
JOIN journal j ON j.seq = g.event WHERE g.id = :id

-- name: of_effect
SELECT g.id, g.run, g.effect, g.state, g.opened, g.decided, g.decider, g.reason, j.body FROM gates g
JOIN journal j ON j.seq = g.event WHERE g.effect = :effect ORDER BY g.id DESC LIMIT 1

-- name: all_open
SELECT g.id, g.run, g.effect, g.state, g.opened, g.decided, g.decider, g.reason, j.body FROM gates g
JOIN journal j ON j.seq = g.event WHERE g.state = 'open' ORDER BY g.expires, g.id LIMIT :count

-- name: asked (tools and specialists are all where they are not named)
SELECT r.specialist, g.id, g.run, g.effect, g.state, g.opened, g.decided, g.decider, g.reason, j.body FROM gates g
JOIN journal j ON j.seq = g.event JOIN runs r ON r.id = g.run JOIN effects e ON e.key = g.effect
WHERE g.state = 'open' AND (r.specialist = :specialist OR :specialist = '') AND (e.tool = :tool OR :tool = '')
ORDER BY g.expires, g.id LIMIT :count

-- name: open_of_run
SELECT id FROM gates WHERE run = :run AND state = 'open' ORDER BY id

-- name: of_run
SELECT g.id, g.run, g.effect, g.state, g.opened, g.decided, g.decider, g.reason, j.body FROM gates g
JOIN journal j ON j.seq = g.event WHERE g.run = :run ORDER BY g.id

-- name: expired
SELECT g.id, g.run, g.effect, g.state, g.opened, g.decided, g.decider, g.reason, j.body FROM gates g
JOIN journal j ON j.seq = g.event WHERE g.state = 'open' AND g.expires <= :now ORDER BY g.id

-- name: count_open
SELECT count(*) FROM gates WHERE state = 'open'

-- name: first_open (of each specialist, and how many it has)
SELECT specialist, count, id FROM (
SELECT r.specialist, g.id, count(*) OVER (PARTITION BY r.specialist) AS count,
row_number() OVER (PARTITION BY r.specialist ORDER BY g.expires, g.id) AS place
FROM gates g JOIN runs r ON r.id = g.run WHERE g.state = 'open') AS open
WHERE place <= :few ORDER BY specialist, place
