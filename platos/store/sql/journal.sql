-- name: append
INSERT INTO journal (chain, n, body, hash) VALUES (?, ?, ?, ?)

-- name: head
SELECT c.id, j.n, j.hash FROM chains c
LEFT JOIN journal j ON j.chain = c.id AND j.n = (SELECT max(n) FROM journal WHERE chain = c.id)
WHERE c.name = :name

-- name: new_chain
INSERT INTO chains (name) VALUES (:name)

-- name: seal
UPDATE chains SET sealed = 1 WHERE id = :chain

-- name: next_number
INSERT INTO counters (name, last) VALUES (:name, 1)
ON CONFLICT (name) DO UPDATE SET last = counters.last + 1
RETURNING last

-- name: chain
SELECT j.n, j.body, j.hash FROM journal j JOIN chains c ON c.id = j.chain WHERE c.name = :name ORDER BY j.n

-- name: since
SELECT j.seq, j.chain, c.name, j.n, j.body, j.hash FROM journal j JOIN chains c ON c.id = j.chain
WHERE j.seq > :seq ORDER BY j.seq LIMIT :count

-- name: entry_before
SELECT hash FROM journal WHERE chain = :chain AND n = :n

-- name: put_payload
INSERT INTO payloads (digest, content) VALUES (:digest, :content) ON CONFLICT (digest) DO NOTHING

-- name: payload
SELECT content FROM payloads WHERE digest = :digest
