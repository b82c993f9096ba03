-- name: intend (what a person edited is intended once more, unless it is under way)
INSERT INTO effects (key, run, tool, class, state, intended, event, autopilot)
VALUES (:key, :run, :tool, :class, 'intent', :event, :event, :autopilot)
ON CONFLICT (key) DO UPDATE SET intended = excluded.intended, event = excluded.event, autopilot = excluded.autopilot
WHERE effects.state = 'intent'

-- name: move
UPDATE effects SET state = :state, event = :event WHERE key = :key AND state IN (:old_1, :old_2)

-- name: one
SELECT e.key, e.run, e.tool, e.class, e.state, i.body, m.body FROM effects e
JOIN journal i ON i.seq = e.intended JOIN journal m ON m.seq = e.event WHERE e.key = :key

-- name: of_run
SELECT e.key, e.run, e.tool, e.class, e.state, i.body, m.body FROM effects e
JOIN journal i ON i.seq = e.intended JOIN journal m ON m.seq = e.event WHERE e.run = :run ORDER BY e.intended

-- name: in_doubt
SELECT e.key, e.run, e.tool, e.class, e.state, i.body, m.body FROM effects e
JOIN journal i ON i.seq = e.intended JOIN journal m ON m.seq = e.event WHERE e.state = 'in_doubt'
ORDER BY e.run, e.intended

-- name: uses (as far as they are known still)
SELECT count(*) FROM (SELECT 1 FROM effects WHERE autopilot = :autopilot AND autopilot > 0 LIMIT :most)
