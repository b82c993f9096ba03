-- name: arise
INSERT INTO matters (kind, subject, step, due, checksum) VALUES (:kind, :subject, :step, :due, :checksum)
ON CONFLICT (kind, subject) DO UPDATE SET step = excluded.step, due = excluded.due, checksum = excluded.checksum

-- name: settle
DELETE FROM matters WHERE kind = :kind AND subject = :subject

-- name: done
DELETE FROM matters WHERE kind = :kind AND subject = :subject AND step = :step

-- name: advance
UPDATE matters SET step = :step, due = :due, checksum = :checksum WHERE kind = :kind AND subject = :subject AND step = :old

-- name: due_now
SELECT kind, subject, step, due FROM matters WHERE due <= :now ORDER BY due, kind, subject LIMIT :count
