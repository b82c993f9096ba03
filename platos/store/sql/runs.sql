-- name: open
INSERT INTO runs (id, specialist, definition, state, opened, valid_until)
VALUES (:id, :specialist, :definition, 'pending', :at, :valid_until)

-- name: revise
UPDATE runs SET revision = :revision WHERE id = :id

-- name: move
UPDATE runs SET state = :new, why = :why, due = :due, outcome = :outcome, ended = :ended, failure = :failure,
unsure = CASE WHEN :unsure = 1 THEN 1 ELSE unsure END
WHERE id = :id AND state = :old AND checksum IS NULL

-- name: state
SELECT state FROM runs WHERE id = :id

-- name: specialist
SELECT specialist FROM runs WHERE id = :id

-- name: revision
SELECT revision FROM runs WHERE id = :id

-- name: one
SELECT id, specialist, definition, state, revision, outcome, why, due, opened, ended, failure, valid_until FROM runs WHERE id = :id

-- name: latest
SELECT id, specialist, definition, state, revision, outcome, why, due, opened, ended, failure, valid_until FROM runs
WHERE specialist = :specialist OR :specialist = '' ORDER BY id DESC LIMIT :count

-- name: open_runs
SELECT id, specialist, definition, state, revision, outcome, why, due, opened, ended, failure, valid_until FROM runs
WHERE state IN ('pending', 'running', 'needs_review') ORDER BY specialist, id

-- name: first_open (of each specialist, how many it has, and how many of them wait for a person)
SELECT specialist, count, reviewed, id FROM (
SELECT specialist, id, count(*) OVER (PARTITION BY specialist) AS count,
count(CASE WHEN state = 'needs_review' THEN 1 END) OVER (PARTITION BY specialist) AS reviewed,
row_number() OVER (PARTITION BY specialist ORDER BY id) AS place
FROM runs WHERE state IN ('pending', 'running', 'needs_review')) AS open
WHERE place <= :few ORDER BY specialist, place

-- name: movable
SELECT id, specialist, definition, state, revision, outcome, why, due, opened, ended, failure, valid_until FROM runs
WHERE specialist = :specialist AND state IN ('pending', 'running', 'needs_review')
AND (state = 'running' OR state = 'pending' AND (due IS NULL OR due <= :now)) AND id > :after
ORDER BY id LIMIT :count

-- name: due
SELECT DISTINCT specialist FROM runs WHERE due <= :now AND state = 'pending'

-- name: dead
SELECT id, specialist, definition, state, revision, outcome, why, due, opened, ended, failure, valid_until FROM runs
WHERE state = 'failed' AND checksum IS NULL ORDER BY id DESC

-- name: counts
SELECT specialist, state, count(*) FROM runs GROUP BY 1, 2

-- name: overdue
SELECT id FROM runs WHERE valid_until <= :now AND state IN ('pending', 'running', 'needs_review') ORDER BY id

-- name: valid_until
SELECT valid_until FROM runs WHERE id = :id
