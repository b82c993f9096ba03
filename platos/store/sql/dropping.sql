-- name: run
SELECT id, specialist, definition, state, revision, outcome, why, due, opened, ended, failure, unsure, valid_until, checksum
FROM runs
WHERE id = :run

-- name: keep_run
UPDATE runs SET checksum = :checksum WHERE id = :run

-- name: chain
SELECT id, sealed, cut FROM chains WHERE name = :name

-- name: entries
SELECT seq, n, body, hash FROM journal WHERE chain = :chain ORDER BY n LIMIT :count

-- name: later
SELECT body FROM journal WHERE chain = :chain AND n > :n AND instr(body, CAST(:text AS BLOB)) > 0

-- name: drop_entries
DELETE FROM journal WHERE chain = :chain AND n <= :n

-- name: cut
UPDATE chains SET cut = :n, base = :hash WHERE id = :chain

-- name: drop_chain
DELETE FROM chains WHERE id = :chain

-- name: drop_gates
DELETE FROM gates WHERE run = :run

-- name: drop_effects
DELETE FROM effects WHERE run = :run

-- name: drop_evidence
DELETE FROM evidence WHERE run = :run

-- name: calls
SELECT id, accounts FROM reservations WHERE run = :run

-- name: drop_reservation
DELETE FROM reservations WHERE id = :id AND state <> 'held'

-- name: account
SELECT name, cap, spent, reserved, excess, told, checksum FROM accounts WHERE name = :name

-- name: keep_account
UPDATE accounts SET checksum = :checksum WHERE name = :name

-- name: definition
SELECT definition FROM specialists WHERE name = :name
