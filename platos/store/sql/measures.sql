-- name: counts
SELECT waiting.count, waiting.longest, woken.wakes, woken.quiet, (SELECT count(*) FROM runs WHERE state = 'failed')
FROM (SELECT count(*) AS count, min(due) AS longest FROM specialists WHERE due <= :now AND paused IS NULL
      AND NOT EXISTS (SELECT 1 FROM meta WHERE key = 'paused')) AS waiting,
     (SELECT coalesce(sum(wakes), 0) AS wakes, coalesce(sum(quiet), 0) AS quiet FROM specialists) AS woken

-- name: open_runs
SELECT state, count(*) FROM runs WHERE state IN ('pending', 'running', 'needs_review') GROUP BY state

-- name: before
SELECT seq, body FROM journal WHERE seq < :seq ORDER BY seq DESC LIMIT :count

-- name: first
SELECT body FROM journal ORDER BY seq LIMIT 1

-- name: gates
SELECT id, opened FROM gates WHERE id BETWEEN :first AND :last

-- name: days
SELECT made / :day, specialist, sum(charged), count(run) FROM reservations
WHERE made >= :since AND made < :until GROUP BY 1, 2

-- name: models
SELECT model, count(*), sum(CASE WHEN state = 'answered' THEN 1 ELSE 0 END),
sum(CASE WHEN finish = 'refused' THEN 1 ELSE 0 END),
sum(CASE WHEN state = 'answered' AND cause = 'repair' THEN 1 ELSE 0 END),
sum(input), sum(cached), sum(stored), sum(stored_long), sum(output), sum(reasoning), sum(charged)
FROM reservations WHERE made >= :since AND made < :until GROUP BY model

-- name: unsure
SELECT c.model, count(DISTINCT c.run), count(DISTINCT CASE WHEN r.unsure = 1 THEN c.run END)
FROM reservations c JOIN runs r ON r.id = c.run WHERE c.made >= :since AND c.made < :until GROUP BY c.model

-- name: served
SELECT model, served, count(*), min(made) FROM reservations
WHERE made >= :since AND made < :until AND served <> '' GROUP BY model, served ORDER BY 3 DESC, 2

-- name: first_of
SELECT j.body FROM journal j JOIN chains c ON c.id = j.chain WHERE c.name = :chain ORDER BY j.n LIMIT 1
