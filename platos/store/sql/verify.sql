-- name: accounts
SELECT name, cap, spent, reserved, excess, told, checksum FROM accounts
WHERE checksum IS NOT NULL ORDER BY name LIMIT :count OFFSET :after

-- name: always
SELECT number, specialist, tool, contract, predicate, gate, since, author, expires, ended, why, event, checksum FROM always
ORDER BY number LIMIT :count OFFSET :after

-- name: answers
SELECT question, reply, made, checksum FROM answers ORDER BY question LIMIT :count OFFSET :after

-- name: autopilots
SELECT number, specialist, tool, contract, predicate, state, back_test, salt, since, author, ended, why, event, checksum
FROM autopilots ORDER BY number LIMIT :count OFFSET :after

-- name: breakers
SELECT model, cause, since, checksum FROM breakers ORDER BY model LIMIT :count OFFSET :after

-- name: cursors
SELECT s.name AS specialist, c.source, c.position, c.failures, c.problem, c.checksum
FROM (SELECT * FROM cursors ORDER BY specialist, source LIMIT :count OFFSET :after) AS c
LEFT JOIN specialists s ON s.id = c.specialist

-- name: audits
SELECT item, specialist, tier, stratum, chance, addressee, drawn, checksum FROM audits
ORDER BY item LIMIT :count OFFSET :after

-- name: decisions
SELECT number, click, specialist, tool, contract, class, answer, arguments, autopilot, predicate, author, at, checksum
FROM decisions ORDER BY number LIMIT :count OFFSET :after

-- name: labels
SELECT item, specialist, signal, origin, author, at, why, taught, checksum FROM labels
ORDER BY item LIMIT :count OFFSET :after

-- name: matters
SELECT kind, subject, step, due, checksum FROM matters ORDER BY kind, subject LIMIT :count OFFSET :after

-- name: notices
SELECT person, notifier, kind, subject, step, made, due, tries, failure, checksum FROM notices
ORDER BY person, notifier, kind, subject LIMIT :count OFFSET :after

-- name: memories
SELECT specialist, tier, key, value, checksum FROM memories
ORDER BY specialist, tier, key LIMIT :count OFFSET :after

-- name: meta
SELECT key, value, checksum FROM meta ORDER BY key LIMIT :count OFFSET :after

-- name: notes
SELECT path, stamp, checksum FROM notes ORDER BY path LIMIT :count OFFSET :after

-- name: passages
SELECT id, specialist, source, n, title, text, private, title_words, text_words, checksum FROM passages
ORDER BY id LIMIT :count OFFSET :after

-- name: occurrences
SELECT specialist, slot, last, slots, outcome, why, items, started, ended, checksum FROM occurrences
ORDER BY specialist, slot, outcome LIMIT :count OFFSET :after

-- name: runs
SELECT id, specialist, definition, state, revision, outcome, why, due, opened, ended, failure, unsure, valid_until, checksum
FROM runs
WHERE checksum IS NOT NULL ORDER BY id LIMIT :count OFFSET :after

-- name: verdicts
SELECT item, position, tier, decision, reason, confidence, cost, model, at, checksum FROM verdicts
ORDER BY item, at, position LIMIT :count OFFSET :after

-- name: items
SELECT number, specialist, source, id, digest, seen, checksum, state, run, withdrawn, state_checksum FROM items
WHERE number > :after ORDER BY number LIMIT :count

-- name: contents
SELECT c.item, c.body, c.checksum, i.id, i.digest FROM contents c JOIN items i ON i.number = c.item
WHERE c.item > :after ORDER BY c.item LIMIT :count

-- name: payloads
SELECT digest, content FROM payloads ORDER BY digest LIMIT :count OFFSET :after

-- name: specialists
SELECT id, name, definition, parameters, since, due, last_slot, reached, wakes, quiet, loud, present, problem, checksum
FROM specialists
WHERE id > :after ORDER BY id LIMIT :count

-- name: counters
SELECT name, last, mirror, CASE name
    WHEN 'run' THEN (SELECT coalesce(max(id), 0) FROM runs)
    WHEN 'gate' THEN (SELECT coalesce(max(id), 0) FROM gates)
    WHEN 'decision' THEN (SELECT coalesce(max(number), 0) FROM decisions)
    WHEN 'always' THEN (SELECT coalesce(max(number), 0) FROM always)
    WHEN 'autopilot' THEN (SELECT coalesce(max(number), 0) FROM autopilots)
    WHEN 'evidence' THEN (SELECT coalesce(max(number), 0) FROM evidence)
    WHEN 'reservation' THEN (SELECT coalesce(max(id), 0) FROM reservations)
    ELSE last + 1 END
FROM counters ORDER BY name LIMIT :count OFFSET :after

-- name: seals
SELECT j.seq, j.body FROM journal j JOIN chains c ON c.id = j.chain WHERE c.name = :system ORDER BY j.seq

-- name: chains
SELECT c.id, c.name, c.sealed, c.cut, c.base, (SELECT max(n) FROM journal WHERE chain = c.id) FROM chains c ORDER BY c.id

-- name: entry
SELECT hash FROM journal WHERE chain = :chain AND n = :n

-- name: events (but not those of a run that retention is about to drop to its last)
SELECT seq, body FROM journal WHERE chain NOT IN
    (SELECT c.id FROM chains c JOIN main.runs r ON c.name = 'r' || r.id WHERE r.checksum IS NOT NULL)
ORDER BY seq
