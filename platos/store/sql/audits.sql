-- name: judged
SELECT v.item, i.specialist, v.tier, v.decision, v.confidence FROM verdicts v JOIN items i ON i.number = v.item
WHERE v.item > :after AND v.at > :since AND v.at <= :until AND i.state IN ('dismissed', 'signal')
AND NOT EXISTS (SELECT 1 FROM verdicts later WHERE later.item = v.item
    AND (later.at > v.at OR (later.at = v.at AND later.position > v.position)))
AND NOT EXISTS (SELECT 1 FROM audits a WHERE a.item = v.item)
AND (v.decision = 'dismiss' OR NOT EXISTS (SELECT 1 FROM labels l WHERE l.item = v.item))
ORDER BY v.item LIMIT :count

-- name: drawn_until
SELECT value FROM meta WHERE key = 'audited'

-- name: add
INSERT INTO audits (item, specialist, tier, stratum, chance, addressee, drawn, checksum)
VALUES (:item, :specialist, :tier, :stratum, :chance, :to, :at, :checksum)

-- name: drawn
SELECT a.tier, a.stratum, count(*), sum(1.0 / a.chance), count(l.item),
    coalesce(sum(CASE WHEN l.item IS NOT NULL THEN 1.0 / a.chance END), 0),
    coalesce(sum(CASE WHEN l.item IS NOT NULL THEN 1.0 / (a.chance * a.chance) END), 0),
    coalesce(sum(l.signal / a.chance), 0)
FROM audits a
LEFT JOIN labels l ON l.item = a.item
WHERE a.specialist = :specialist AND a.drawn >= :since GROUP BY 1, 2 ORDER BY 1, 2

-- name: every
SELECT item, addressee, drawn FROM audits WHERE specialist = :specialist ORDER BY item

-- name: audited
SELECT DISTINCT specialist FROM audits WHERE drawn >= :since

-- name: passed
SELECT count(*), count(l.item), coalesce(sum(l.signal), 0) FROM items i LEFT JOIN labels l ON l.item = i.number
WHERE i.specialist = :specialist AND i.state = 'signal' AND i.seen >= :since
AND NOT EXISTS (SELECT 1 FROM audits a WHERE a.item = i.number AND a.stratum <> 'passed')

-- name: unanswered
SELECT a.item FROM audits a JOIN contents c ON c.item = a.item
WHERE a.specialist = :specialist AND a.addressee = 'person'
AND NOT EXISTS (SELECT 1 FROM labels l WHERE l.item = a.item)
ORDER BY a.drawn, a.item LIMIT :count
