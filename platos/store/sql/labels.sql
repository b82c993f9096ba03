-- name: before
SELECT (SELECT origin FROM labels WHERE item = :item),
    (SELECT coalesce(max(taught), 0) FROM labels WHERE specialist = :specialist)

-- name: put
INSERT INTO labels (item, specialist, signal, origin, author, at, why, taught, checksum)
VALUES (:item, :specialist, :signal, :origin, :by, :at, :why, :taught, :checksum)
ON CONFLICT (item) DO UPDATE SET signal = excluded.signal, origin = excluded.origin, author = excluded.author,
at = excluded.at, why = excluded.why, taught = excluded.taught, checksum = excluded.checksum

-- name: of_specialist
SELECT item, signal, author, at, why, origin FROM labels WHERE specialist = :specialist ORDER BY item

-- name: taught
SELECT coalesce(max(taught), 0) FROM labels WHERE specialist = :specialist

-- name: lessons
SELECT i.number, i.specialist, i.source, i.id, i.state, i.seen, i.run, c.body, l.signal, l.origin,
    a.chance, a.tier, a.stratum, v.decision, v.reason, v.confidence, v.cost
FROM labels l JOIN items i ON i.number = l.item JOIN contents c ON c.item = l.item
LEFT JOIN audits a ON a.item = l.item
LEFT JOIN verdicts v ON v.item = l.item AND v.tier = :tier AND NOT EXISTS
    (SELECT 1 FROM verdicts later WHERE later.item = v.item AND later.tier = v.tier AND later.at > v.at)
WHERE l.specialist = :specialist ORDER BY l.item

-- name: usual
SELECT i.number, i.specialist, i.source, i.id, i.state, i.seen, i.run, c.body,
    (SELECT later.decision FROM verdicts mine JOIN verdicts later ON later.item = mine.item AND later.at = mine.at
    AND later.position > mine.position
    WHERE mine.item = i.number AND mine.tier = :tier ORDER BY later.at DESC, later.position DESC LIMIT 1)
FROM items i JOIN contents c ON c.item = i.number
WHERE i.specialist = :specialist AND i.state IN ('dismissed', 'signal')
AND NOT EXISTS (SELECT 1 FROM labels l WHERE l.item = i.number)
ORDER BY i.number DESC LIMIT :count
