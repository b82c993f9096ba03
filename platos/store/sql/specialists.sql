-- name: put
INSERT INTO specialists (name, definition, parameters, since, due, checksum)
VALUES (:name, :definition, :parameters, :since, :due, :checksum)
ON CONFLICT (name) DO UPDATE SET definition = excluded.definition, parameters = excluded.parameters,
since = excluded.since, due = excluded.due, present = 1, problem = '', checksum = excluded.checksum

-- name: all
SELECT id, name, definition, due, last_slot, reached, wakes, quiet, present, problem, parameters, since FROM specialists ORDER BY name

-- name: files
SELECT name FROM specialists WHERE parameters IS NULL AND present = 1

-- name: page
SELECT id, name, definition, due, last_slot, reached, wakes, quiet, present, problem, parameters, since FROM specialists
WHERE name > :after ORDER BY name LIMIT :count

-- name: of_files
SELECT id, name, definition, due, last_slot, reached, wakes, quiet, present, problem, parameters, since FROM specialists
WHERE parameters IS NULL ORDER BY name

-- name: one
SELECT id, name, definition, due, last_slot, reached, wakes, quiet, present, problem, parameters, since FROM specialists WHERE name = :name

-- name: due
SELECT id, name, due FROM specialists WHERE due = :due AND id > :id AND paused IS NULL
UNION ALL SELECT id, name, due FROM specialists WHERE due > :due AND due <= :now AND paused IS NULL
ORDER BY due, id LIMIT :count

-- name: templates
SELECT definition, count(*), sum(wakes), sum(quiet), min(due), sum(CASE WHEN problem <> '' THEN 1 ELSE 0 END)
FROM specialists WHERE parameters IS NOT NULL AND present = 1 GROUP BY definition

-- name: of_template
SELECT name FROM specialists WHERE definition = :definition AND parameters IS NOT NULL AND present = 1
ORDER BY name LIMIT :count

-- name: advance
UPDATE specialists SET last_slot = :slot, reached = CASE WHEN reached > :slot THEN reached ELSE :slot END, due = :next,
wakes = wakes + 1, loud = loud + 1
WHERE name = :name AND coalesce(since, 0) = :since AND due = :due AND definition = :definition

-- name: skip
UPDATE specialists SET due = :next, reached = CASE WHEN reached IS NULL OR reached < :slot THEN :slot ELSE reached END
WHERE name = :name AND coalesce(since, 0) = :since AND due = :due AND definition = :definition

-- name: woken_by_hand
UPDATE specialists SET wakes = wakes + 1, quiet = quiet + :quiet, loud = loud + :loud WHERE name = :name

-- name: was_quiet
UPDATE specialists SET quiet = quiet + 1, loud = loud - 1 WHERE name = :name

-- name: set_problem
UPDATE specialists SET problem = :problem, checksum = :checksum WHERE name = :name

-- name: gone
UPDATE specialists SET present = 0, due = NULL, checksum = :checksum WHERE name = :name
