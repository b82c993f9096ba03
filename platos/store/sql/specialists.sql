-- name: put
INSERT INTO specialists (name, definition, due) VALUES (:name, :definition, :due)
ON CONFLICT (name) DO UPDATE SET definition = excluded.definition, due = excluded.due, present = 1, problem = ''

-- name: all
SELECT name, definition, due, last_slot, wakes, quiet, present, problem FROM specialists ORDER BY name

-- name: one
SELECT name, definition, due, last_slot, wakes, quiet, present, problem FROM specialists WHERE name = :name

-- name: due
SELECT name, due FROM specialists WHERE due <= :now ORDER BY due LIMIT :count

-- name: advance
UPDATE specialists SET last_slot = :slot, due = :next, wakes = wakes + 1, quiet = quiet + :quiet
WHERE name = :name AND due = :due

-- name: skip
UPDATE specialists SET due = :next WHERE name = :name AND due = :due

-- name: woken_by_hand
UPDATE specialists SET wakes = wakes + 1, quiet = quiet + :quiet WHERE name = :name

-- name: was_quiet
UPDATE specialists SET quiet = quiet + 1 WHERE name = :name

-- name: set_problem
UPDATE specialists SET problem = :problem WHERE name = :name AND problem <> :problem

-- name: gone
UPDATE specialists SET present = 0, due = NULL WHERE name = :name AND present = 1
