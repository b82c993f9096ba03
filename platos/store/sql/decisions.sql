-- name: add
INSERT INTO decisions (number, click, specialist, tool, contract, class, answer, arguments, autopilot, predicate, author,
    at, checksum)
VALUES (:number, :click, :specialist, :tool, :contract, :class, :answer, :arguments, :autopilot, :predicate, :author,
    :at, :checksum)

-- name: of_tool
SELECT number, click, contract, class, answer, arguments, autopilot, predicate, author, at FROM decisions
WHERE specialist = :specialist AND tool = :tool ORDER BY number

-- name: audits
SELECT answer FROM decisions WHERE autopilot = :autopilot AND autopilot > 0
AND answer IN ('approved', 'denied', 'unanswered') ORDER BY number

-- name: tools
SELECT DISTINCT specialist, tool FROM decisions ORDER BY specialist, tool
