-- name: kept
SELECT value FROM meta WHERE key = 'kept'

-- name: ended (also those of which a part was dropped before)
SELECT r.id FROM runs r JOIN chains c ON c.name = 'r' || r.id
WHERE r.state IN ('success', 'failed', 'cancelled') AND r.ended < :before AND r.id > :after ORDER BY r.id LIMIT :count

-- name: lasting
SELECT name FROM chains WHERE name = :system OR name LIKE 'specialist:%' ORDER BY id

-- name: old_items
SELECT i.number FROM items i WHERE i.number > :after AND i.seen < :before AND length(i.body) > 0
AND (i.state IN ('dismissed', 'withdrawn') OR i.run IN (SELECT id FROM runs WHERE checksum IS NOT NULL))
AND NOT EXISTS (SELECT 1 FROM labels l WHERE l.item = i.number)
AND NOT EXISTS (SELECT 1 FROM verdicts v WHERE v.item = i.number AND v.at >= :before)
ORDER BY i.number LIMIT :count

-- name: specialists
SELECT name FROM specialists ORDER BY name
