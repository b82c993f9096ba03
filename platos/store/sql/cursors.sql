-- name: all
SELECT source, position, failures, problem FROM cursors WHERE specialist = :specialist

-- name: one
SELECT position, failures FROM cursors WHERE specialist = :specialist AND source = :source

-- name: put
INSERT INTO cursors (specialist, source, position, failures, problem, checksum)
VALUES (:specialist, :source, :position, :failures, :problem, :checksum)
ON CONFLICT (specialist, source) DO UPDATE
SET position = excluded.position, failures = excluded.failures, problem = excluded.problem, checksum = excluded.checksum

-- name: problems
SELECT specialist, source, failures, problem FROM cursors WHERE problem <> '' ORDER BY specialist, source
