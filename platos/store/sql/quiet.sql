-- name: read
INSERT INTO cursors (specialist, source, position, checksum)
SELECT s.id, column5, column6, column7 FROM (VALUES (?, ?, ?, ?, ?, ?, ?, ?)) AS given JOIN specialists s ON s.id = column1
WHERE s.due = column2 AND s.definition = column3 AND coalesce(s.since, 0) = column4
AND NOT EXISTS (SELECT 1 FROM cursors c WHERE c.specialist = s.id AND c.source = column5 AND c.position <> column8)
ON CONFLICT (specialist, source) DO UPDATE
SET position = excluded.position, failures = 0, problem = '', checksum = excluded.checksum

-- name: advance
UPDATE specialists SET last_slot = moved.slot, reached = CASE WHEN reached > moved.slot THEN reached ELSE moved.slot END,
due = moved.next, wakes = wakes + 1, quiet = quiet + 1
FROM (SELECT column1 AS id, column2 AS due, column3 AS definition, column4 AS since, column5 AS slot, column6 AS next
      FROM (VALUES (?, ?, ?, ?, ?, ?)) AS given) AS moved
WHERE specialists.id = moved.id AND specialists.due = moved.due AND specialists.definition = moved.definition
AND coalesce(specialists.since, 0) = moved.since
