-- name: keep
INSERT INTO memories (specialist, tier, key, value) VALUES (:specialist, :tier, :key, :value)
ON CONFLICT (specialist, tier, key) DO UPDATE SET value = excluded.value

-- name: find
SELECT value FROM memories WHERE specialist = :specialist AND tier = :tier AND key = :key
