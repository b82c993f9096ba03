-- name: all
SELECT c.source, c.position, c.failures, c.problem FROM cursors c JOIN specialists s ON s.id = c.specialist
WHERE s.name = :specialist

-- name: one
SELECT c.position, c.failures FROM cursors c JOIN specialists s ON s.id = c.specialist
WHERE s.name = :specialist AND c.source = :source

-- name: put
INSERT INTO cursors (specialist, source, position, failures, problem, checksum)
SELECT id, :source, :position, :failures, :problem, :checksum FROM specialists WHERE name = :specialist
ON CONFLICT (specialist, source) DO UPDATE
SET position = excluded.position, failures = excluded.failures, problem = excluded.problem, checksum = excluded.checksum

-- name: problems
SELECT s.name, c.source, c.failures, c.problem FROM cursors c JOIN specialists s ON s.id = c.specialist
WHERE c.problem <> '' ORDER BY s.name, c.source LIMIT :count

-- name: failing
SELECT count(*) FROM cursors WHERE problem <> ''
