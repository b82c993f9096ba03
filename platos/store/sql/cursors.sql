-- name: all
SELECT source, position, failures, problem FROM cursors WHERE specialist = :specialist

-- name: put
INSERT INTO cursors (specialist, source, position, problem) VALUES (:specialist, :source, :position, :problem)
ON CONFLICT (specialist, source)
DO UPDATE SET position = excluded.position, failures = 0, problem = excluded.problem

-- name: fail
INSERT INTO cursors (specialist, source, position, failures, problem) VALUES (:specialist, :source, :nothing, 1, :problem)
ON CONFLICT (specialist, source) DO UPDATE SET failures = cursors.failures + 1, problem = excluded.problem

-- name: problems
SELECT specialist, source, failures, problem FROM cursors WHERE problem <> '' ORDER BY specialist, source
