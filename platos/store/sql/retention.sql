-- name: house (how far it is kept, and when it is due)
SELECT coalesce((SELECT value FROM meta WHERE key = 'kept'), 0), coalesce((SELECT value FROM meta WHERE key = 'house'), 0)

-- name: ended (also those of which a part was dropped before)
SELECT r.id FROM chains c JOIN runs r ON r.id = CAST(substr(c.name, 2) AS INTEGER) WHERE c.sealed = 1
AND r.state IN ('success', 'failed', 'cancelled') AND r.ended < :before AND r.id > :after ORDER BY r.id LIMIT :count

-- name: lasting
SELECT name FROM chains WHERE name = :system OR name LIKE 'specialist:%' ORDER BY id

-- name: old_items
SELECT c.item FROM contents c JOIN items i ON i.number = c.item WHERE c.item > :after AND i.seen < :before
AND (i.state IN ('dismissed', 'withdrawn')
    OR EXISTS (SELECT 1 FROM runs r WHERE r.id = i.run AND r.checksum IS NOT NULL))
AND NOT EXISTS (SELECT 1 FROM labels l WHERE l.item = c.item)
AND NOT EXISTS (SELECT 1 FROM verdicts v WHERE v.item = c.item AND v.at >= :before)
ORDER BY c.item LIMIT :count

-- name: with_old_occurrences
SELECT DISTINCT specialist FROM occurrences WHERE slot < :before AND ended < :before ORDER BY specialist
