-- name: put
INSERT INTO notices (person, notifier, kind, subject, step, made, due, tries, failure, checksum)
VALUES (:person, :notifier, :kind, :subject, :step, :made, :due, :tries, :failure, :checksum)
ON CONFLICT (person, notifier, kind, subject) DO UPDATE SET step = excluded.step, made = excluded.made, due = excluded.due,
    tries = excluded.tries, failure = excluded.failure, checksum = excluded.checksum

-- name: one
SELECT person, notifier, kind, subject, step, made, due, tries, failure FROM notices
WHERE person = :person AND notifier = :notifier AND kind = :kind AND subject = :subject

-- name: told
DELETE FROM notices
WHERE person = :person AND notifier = :notifier AND kind = :kind AND subject = :subject AND step = :step

-- name: drop
DELETE FROM notices WHERE kind = :kind AND subject = :subject

-- name: due_now
SELECT person, notifier, kind, subject, step, made, due, tries, failure FROM notices WHERE due <= :now
ORDER BY due, person, notifier, kind, subject LIMIT :count

-- name: far
SELECT person, notifier, kind, subject, step, made, due, tries, failure FROM notices WHERE due > :now

-- name: undelivered
SELECT person, notifier, count(*), max(tries), max(failure) FROM notices WHERE tries > 0
GROUP BY person, notifier ORDER BY person, notifier
