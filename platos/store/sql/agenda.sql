-- name: look
SELECT EXISTS (SELECT 1 FROM specialists WHERE due <= :now AND paused IS NULL),
       EXISTS (SELECT 1 FROM runs WHERE due <= :now AND state = 'pending'),
       EXISTS (SELECT 1 FROM gates WHERE expires <= :now AND state = 'open'),
       EXISTS (SELECT 1 FROM runs WHERE valid_until <= :now AND state IN ('pending', 'running', 'needs_review')),
       EXISTS (SELECT 1 FROM matters WHERE due <= :now) OR EXISTS (SELECT 1 FROM notices WHERE due <= :now),
       (SELECT min(due) FROM (
           SELECT min(due) AS due FROM specialists WHERE due > :now AND paused IS NULL
           UNION ALL SELECT min(due) FROM runs WHERE due > :now
           UNION ALL SELECT min(expires) FROM gates WHERE state = 'open' AND expires > :now
           UNION ALL SELECT min(valid_until) FROM runs
               WHERE state IN ('pending', 'running', 'needs_review') AND valid_until > :now
           UNION ALL SELECT min(due) FROM matters WHERE due > :now
           UNION ALL SELECT min(due) FROM notices WHERE due > :now
       ) AS waiting)
