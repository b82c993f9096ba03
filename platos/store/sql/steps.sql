-- name: put
INSERT INTO steps (run, revision, path, name, ordinal, kind, state, attempt, event)
VALUES (:run, :revision, :path, :name, :ordinal, :kind, :state, :attempt, :event)
ON CONFLICT (run, revision, path, name, ordinal)
DO UPDATE SET state = excluded.state, attempt = excluded.attempt, event = excluded.event
WHERE steps.state = :old

-- name: of_node
SELECT j.body FROM steps s JOIN journal j ON j.seq = s.event
WHERE s.run = :run AND s.revision = :revision AND s.path = :path

-- name: of_run
SELECT j.body FROM steps s JOIN journal j ON j.seq = s.event WHERE s.run = :run ORDER BY s.event
