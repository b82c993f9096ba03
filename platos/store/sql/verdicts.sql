-- name: add (a clock that was set back shows a moment for a second time: the last word of it stands)
INSERT INTO verdicts (item, position, tier, decision, reason, confidence, cost, model, at, checksum)
VALUES (:item, :position, :tier, :decision, :reason, :confidence, :cost, :model, :at, :checksum)
ON CONFLICT (item, at, position) DO UPDATE SET tier = excluded.tier, decision = excluded.decision,
reason = excluded.reason, confidence = excluded.confidence, cost = excluded.cost,
model = excluded.model, checksum = excluded.checksum

-- name: of_item
SELECT tier, decision, reason, confidence, cost, model, at FROM verdicts WHERE item = :item ORDER BY at, position

-- name: of_run
SELECT v.item, v.tier, v.decision, v.reason, v.confidence, v.cost, v.model, v.at FROM verdicts v
JOIN items i ON i.number = v.item WHERE i.run = :run ORDER BY v.item, v.at, v.position

-- name: signals (with the last word on each; the condition of the index items_open is spelled out)
SELECT i.number, i.specialist, i.source, i.id, i.state, i.seen, i.run, c.body,
    coalesce(v.tier, 'none'), coalesce(v.confidence, 1.0) FROM items i
LEFT JOIN contents c ON c.item = i.number
LEFT JOIN verdicts v ON v.item = i.number AND NOT EXISTS
    (SELECT 1 FROM verdicts later WHERE later.item = v.item AND (later.at, later.position) > (v.at, v.position))
WHERE i.specialist = :specialist AND i.state = 'signal' AND i.run IS NULL
AND (i.state IN ('new', 'waiting') OR (i.state = 'signal' AND i.run IS NULL)) ORDER BY i.number LIMIT :count

-- name: by_tier
SELECT v.tier, v.decision, count(*) FROM verdicts v JOIN items i ON i.number = v.item
WHERE i.specialist = :specialist AND NOT EXISTS
    (SELECT 1 FROM verdicts later WHERE later.item = v.item AND later.tier = v.tier AND later.at > v.at)
GROUP BY 1, 2
