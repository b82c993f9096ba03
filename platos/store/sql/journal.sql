-- name: append
INSERT INTO journal (seq, chain, n, body, hash) VALUES (?, ?, ?, ?, ?)

-- name: last
SELECT max(seq) FROM journal

-- name: head
SELECT c.id, COALESCE(j.n, c.cut), COALESCE(j.hash, c.base), c.sealed FROM chains c
LEFT JOIN journal j ON j.chain = c.id AND j.n = (SELECT max(n) FROM journal WHERE chain = c.id)
WHERE c.name = :name

-- name: new_chain
INSERT INTO chains (name) VALUES (:name)

-- name: seal
UPDATE chains SET sealed = :sealed WHERE id = :chain

-- name: known
SELECT 1 FROM chains WHERE name = :name

-- name: next_number
INSERT INTO counters (name, last, mirror) VALUES (:name, 1, -1)
ON CONFLICT (name) DO UPDATE SET last = counters.last + 1, mirror = counters.mirror - 1
RETURNING last

-- name: chain
SELECT j.n, j.body, j.hash, c.cut, c.base FROM journal j JOIN chains c ON c.id = j.chain WHERE c.name = :name ORDER BY j.n

-- name: since
SELECT j.seq, c.name, j.n, j.body, j.hash, before.hash, c.cut, c.base FROM journal j JOIN chains c ON c.id = j.chain
LEFT JOIN journal before ON before.chain = j.chain AND before.n = j.n - 1
WHERE j.seq > :seq ORDER BY j.seq LIMIT :count
-- name: put_payload
INSERT INTO payloads (digest, content) VALUES (:digest, :content) ON CONFLICT (digest) DO NOTHING

-- name: payload
SELECT content FROM payloads WHERE digest = :digest

-- name: before
SELECT j.seq, c.name, j.body FROM journal j JOIN chains c ON c.id = j.chain
WHERE j.seq < :seq ORDER BY j.seq DESC LIMIT :count
