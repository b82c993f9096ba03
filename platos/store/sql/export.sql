-- name: total
SELECT (SELECT count(*) FROM chains) + (SELECT count(*) FROM journal) + (SELECT count(*) FROM items)
    + (SELECT count(*) FROM verdicts) + (SELECT count(*) FROM labels) + (SELECT count(*) FROM audits)
    + (SELECT count(*) FROM decisions) + (SELECT count(*) FROM occurrences) + (SELECT count(*) FROM cursors)

-- name: chains
SELECT name AS chain, sealed, cut, base FROM chains ORDER BY id

-- name: entries
SELECT j.seq, c.name AS chain, j.n, j.hash, j.body AS event FROM journal j
JOIN chains c ON c.id = j.chain ORDER BY j.seq

-- name: items
SELECT i.number AS item, i.specialist, i.source, i.id, i.digest, i.state, i.seen, i.run, i.withdrawn, c.body AS content
FROM items i LEFT JOIN contents c ON c.item = i.number ORDER BY i.number

-- name: verdicts
SELECT item, at, position, tier, decision, reason, confidence, cost, model FROM verdicts ORDER BY item, at, position

-- name: labels
SELECT item, signal, origin, author, at, why FROM labels ORDER BY item

-- name: audits
SELECT item, tier, stratum, chance, addressee, drawn FROM audits ORDER BY item

-- name: decisions
SELECT number AS decision, click, specialist, tool, contract, class, answer, arguments, autopilot, predicate, author, at
FROM decisions ORDER BY number

-- name: occurrences
SELECT specialist, slot, last, slots, outcome, why, items, started, ended FROM occurrences
ORDER BY specialist, slot, outcome

-- name: cursors
SELECT s.name AS specialist, c.source, c.position, c.failures, c.problem
FROM cursors c JOIN specialists s ON s.id = c.specialist ORDER BY s.name, c.source
