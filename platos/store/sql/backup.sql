-- name: copy
VACUUM INTO :path

-- name: summary
SELECT (SELECT count(*) FROM runs), (SELECT body FROM journal ORDER BY seq DESC LIMIT 1)
