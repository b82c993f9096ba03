-- name: over
UPDATE runs SET due = :now WHERE due > :now AND state = 'pending'
