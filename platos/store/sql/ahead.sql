-- name: due
SELECT s.id, s.name, s.definition, s.due, s.last_slot, s.reached, s.wakes, s.quiet, s.present, s.problem, s.parameters,
       s.since, c.source, c.position, c.failures, c.problem
FROM (SELECT id, due FROM specialists WHERE due = :due AND id > :id AND paused IS NULL
      UNION ALL SELECT id, due FROM specialists WHERE due > :due AND due <= :now AND paused IS NULL
      ORDER BY due, id LIMIT :count) AS waiting
JOIN specialists s ON s.id = waiting.id LEFT JOIN cursors c ON c.specialist = s.id
