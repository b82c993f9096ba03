-- name: next_due
SELECT min(due) FROM (
    SELECT min(due) AS due FROM specialists WHERE due IS NOT NULL
    UNION ALL SELECT min(due) FROM runs WHERE due IS NOT NULL
    UNION ALL SELECT min(expires) FROM gates WHERE state = 'open'
) AS waiting
