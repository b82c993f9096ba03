-- name: put
INSERT INTO autopilots (number, specialist, tool, contract, predicate, state, back_test, salt, since, author, ended, why,
    event, checksum)
VALUES (:number, :specialist, :tool, :contract, :predicate, :state, :back_test, :salt, :since, :author, :ended, :why,
    :event, :checksum)
ON CONFLICT (number) DO UPDATE SET state = excluded.state, back_test = excluded.back_test, salt = excluded.salt,
since = excluded.since, author = excluded.author, ended = excluded.ended, why = excluded.why, event = excluded.event,
checksum = excluded.checksum

-- name: one
SELECT number, specialist, tool, contract, predicate, state, back_test, salt, since, author, ended, why, event
FROM autopilots WHERE number = :number

-- name: of_tool
SELECT number, specialist, tool, contract, predicate, state, back_test, salt, since, author, ended, why, event
FROM autopilots WHERE specialist = :specialist AND tool = :tool ORDER BY number

-- name: standing (proposed, or on)
SELECT number, specialist, tool, contract, predicate, state, back_test, salt, since, author, ended, why, event
FROM autopilots WHERE specialist = :specialist AND state <> 'off' ORDER BY tool, number
