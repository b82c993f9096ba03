-- name: keep
INSERT INTO memories (specialist, tier, key, value, checksum) VALUES (:specialist, :tier, :key, :value, :checksum)
ON CONFLICT (specialist, tier, key) DO UPDATE SET value = excluded.value, checksum = excluded.checksum

-- name: find
SELECT value FROM memories WHERE specialist = :specialist AND tier = :tier AND key = :key

-- name: under
SELECT specialist, tier, value FROM memories WHERE key = :key ORDER BY specialist, tier
