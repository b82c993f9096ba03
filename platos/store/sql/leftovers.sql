-- name: drop_content
DELETE FROM contents WHERE item = :item AND EXISTS (SELECT 1 FROM items i WHERE i.number = contents.item
AND i.seen < :before AND (i.state IN ('dismissed', 'withdrawn')
    OR EXISTS (SELECT 1 FROM runs r WHERE r.id = i.run AND r.checksum IS NOT NULL)))

-- name: drop_verdicts
DELETE FROM verdicts WHERE item = :item

-- name: drop_occurrences
DELETE FROM occurrences WHERE specialist = :specialist AND slot IN
    (SELECT slot FROM occurrences WHERE specialist = :specialist AND slot < :before AND ended < :before
    ORDER BY slot LIMIT :count) AND ended < :before

-- name: ends
SELECT (SELECT coalesce(min(seq), 1) FROM journal), (SELECT coalesce(max(seq), 0) FROM journal)

-- name: referring
SELECT body FROM journal WHERE seq > :after AND seq <= :last
AND (instr(body, CAST('"payload":"' AS BLOB)) > 0 OR instr(body, CAST('"definition":"' AS BLOB)) > 0
    OR instr(body, CAST('"rates":"' AS BLOB)) > 0 OR instr(body, CAST('"response":"' AS BLOB)) > 0)

-- name: payloads
SELECT digest FROM payloads ORDER BY digest

-- name: pinned
SELECT definition FROM specialists UNION SELECT definition FROM runs

-- name: newer
SELECT 1 FROM journal WHERE seq > :seq AND instr(body, CAST(:digest AS BLOB)) > 0 LIMIT 1

-- name: drop_payload
DELETE FROM payloads WHERE digest = :digest
AND NOT EXISTS (SELECT 1 FROM specialists WHERE definition = :digest)
AND NOT EXISTS (SELECT 1 FROM runs WHERE definition = :digest)

-- name: drop_answers
DELETE FROM answers WHERE question IN (SELECT question FROM answers WHERE made < :before LIMIT :count)
