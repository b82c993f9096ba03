-- name: add
INSERT INTO evidence (number, run, kind, event) VALUES (:number, :run, :kind, :event)

-- name: of_run
SELECT e.number, j.body FROM evidence e JOIN journal j ON j.seq = e.event WHERE e.run = :run ORDER BY e.number
