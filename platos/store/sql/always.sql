-- name: put
INSERT INTO always (number, specialist, tool, contract, predicate, gate, since, author, expires, ended, why, event, checksum)
VALUES (:number, :specialist, :tool, :contract, :predicate, :gate, :since, :author, :expires, :ended, :why, :event,
    :checksum)
ON CONFLICT (number) DO UPDATE SET ended = excluded.ended, why = excluded.why, checksum = excluded.checksum

-- name: one
SELECT number, specialist, tool, contract, predicate, gate, since, author, expires, ended, why, event
FROM always WHERE number = :number

-- name: of_tool
SELECT number, specialist, tool, contract, predicate, gate, since, author, expires, ended, why, event
FROM always WHERE specialist = :specialist AND tool = :tool AND ended IS NULL ORDER BY number

-- name: every
SELECT number, specialist, tool, contract, predicate, gate, since, author, expires, ended, why, event
FROM always ORDER BY number
