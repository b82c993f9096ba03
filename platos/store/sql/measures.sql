-- name: counts
SELECT (SELECT min(due) FROM specialists WHERE due <= :now AND paused IS NULL
        AND NOT EXISTS (SELECT 1 FROM meta WHERE key = 'paused')),
       (SELECT coalesce(sum(wakes), 0) FROM specialists),
       (SELECT coalesce(sum(quiet), 0) FROM specialists),
       (SELECT count(*) FROM runs WHERE state = 'failed')

-- name: open_runs
SELECT state, count(*) FROM runs WHERE state IN ('pending', 'running', 'needs_review') GROUP BY state

-- name: before
SELECT seq, body FROM journal WHERE seq < :seq ORDER BY seq DESC LIMIT :count

-- name: first
SELECT body FROM journal ORDER BY seq LIMIT 1

-- name: gates
SELECT id, opened FROM gates WHERE id BETWEEN :first AND :last

-- name: days
SELECT made / :day, sum(charged), count(run) FROM reservations WHERE made >= :since AND made < :until GROUP BY 1
