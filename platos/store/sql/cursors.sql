-- name: all
SELECT source, position, failures, problem FROM cursors WHERE specialist = :specialist

-- name: due
SELECT c.specialist, c.source, c.position, c.failures, c.problem
FROM specialists s JOIN cursors c ON c.specialist = s.name
WHERE s.paused IS NULL AND (s.due, s.id) > (:due, :id) AND (s.due, s.id) <= (:last_due, :last_id)

-- name: one
SELECT position, failures FROM cursors WHERE specialist = :specialist AND source = :source

-- name: put
INSERT INTO cursors (specialist, source, position, failures, problem, checksum)
VALUES (:specialist, :source, :position, :failures, :problem, :checksum)
ON CONFLICT (specialist, source) DO UPDATE
SET position = excluded.position, failures = excluded.failures, problem = excluded.problem, checksum = excluded.checksum

-- name: problems
SELECT specialist, source, failures, problem FROM cursors WHERE problem <> '' ORDER BY specialist, source LIMIT :count

-- name: failing
SELECT count(*) FROM cursors WHERE problem <> ''
