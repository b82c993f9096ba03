-- name: get
SELECT value, checksum FROM meta WHERE key = :key

-- name: put
INSERT INTO meta (key, value, checksum) VALUES (:key, :value, :checksum)
ON CONFLICT (key) DO UPDATE SET value = excluded.value, checksum = excluded.checksum

-- name: remove
DELETE FROM meta WHERE key = :key
