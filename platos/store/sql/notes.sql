-- name: stamps
SELECT path, stamp FROM notes

-- name: put
INSERT INTO notes (path, stamp, checksum) VALUES (:path, :stamp, :checksum)
ON CONFLICT (path) DO UPDATE SET stamp = excluded.stamp, checksum = excluded.checksum

-- name: drop
DELETE FROM notes WHERE path = :path

-- name: empty
DELETE FROM notes
