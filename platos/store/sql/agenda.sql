-- name: next_due
SELECT min(due) FROM (
    SELECT min(due) AS due FROM specialists WHERE due > :now
    UNION ALL SELECT min(due) FROM runs WHERE due > :now
    UNION ALL SELECT min(expires) FROM gates WHERE state = 'open' AND expires > :now
) AS waiting
