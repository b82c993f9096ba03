-- name: cap
INSERT INTO accounts (name, cap) VALUES (:name, :cap)
ON CONFLICT (name) DO UPDATE SET cap = excluded.cap,
excess = CASE WHEN accounts.spent + accounts.reserved > excluded.cap
              THEN accounts.spent + accounts.reserved - excluded.cap ELSE 0 END
WHERE accounts.checksum IS NULL

-- name: reserve
UPDATE accounts SET reserved = reserved + :amount WHERE name = :name AND spent + reserved + :amount <= cap
AND checksum IS NULL

-- name: settle
UPDATE accounts SET reserved = reserved - :held, spent = spent + :charged,
excess = CASE WHEN spent + :charged + reserved - :held > cap + excess
              THEN spent + :charged + reserved - :held - cap ELSE excess END
WHERE name = :name

-- name: reached
UPDATE accounts SET told = :percent WHERE name = :name

-- name: freeze
INSERT INTO frozen (account, why, since, event) VALUES (:account, :why, :since, :event)
ON CONFLICT (account) DO NOTHING

-- name: thaw
DELETE FROM frozen WHERE account = :account

-- name: frozen
SELECT account, why, since FROM frozen ORDER BY account

-- name: one
SELECT name, cap, spent, reserved, excess, told FROM accounts WHERE name = :name

-- name: of_open_runs
SELECT a.name, a.cap, a.spent, a.reserved, a.excess, a.told FROM runs r
JOIN accounts a ON a.name IN ('run/' || r.id, 'run/' || r.id || ':tokens', 'run/' || r.id || ':calls')
WHERE r.state IN ('pending', 'running', 'needs_review') ORDER BY a.name

-- name: all
SELECT name, cap, spent, reserved, excess, told FROM accounts ORDER BY name

-- name: hold
INSERT INTO reservations (id, state, accounts, amount, specialist, run, step, tier, model, price, rates, max_output,
attempt, cause, instead, prefix, request, made)
VALUES (:id, 'held', :accounts, :amount, :specialist, :run, :step, :tier, :model, :price, :rates, :max_output,
:attempt, :cause, :instead, :prefix, :request, :at)

-- name: reservation
SELECT accounts, amount FROM reservations WHERE id = :id AND state = 'held'

-- name: resolve
UPDATE reservations SET state = :state, charged = :charged, served = :served, service = :service, finish = :finish,
why = :why, response = :response, input = :input, cached = :cached, stored = :stored, stored_long = :stored_long,
output = :output, reasoning = :reasoning, latency = :latency, settled = :at WHERE id = :id AND state = 'held'

-- name: held
SELECT id, amount, run, specialist, step FROM reservations WHERE state = 'held' ORDER BY id

-- name: calls_of_run
SELECT id, state, amount, charged, specialist, run, step, tier, model, price, max_output, attempt, cause, instead,
prefix, request, response, served, finish, why, input, cached, stored, stored_long, output, reasoning, latency, made
FROM reservations WHERE run = :run ORDER BY id

-- name: triage_calls
SELECT accounts, id, state, amount, charged, specialist, run, step, tier, model, price, max_output, attempt, cause,
instead, prefix, request, response, served, finish, why, input, cached, stored, stored_long, output, reasoning, latency,
made FROM reservations WHERE made >= :since AND made <= :until AND specialist = :specialist AND run IS NULL ORDER BY id

-- name: spend
SELECT made / :quarter, specialist, tier, model, count(*), sum(input + stored + stored_long), sum(cached),
sum(output + reasoning), sum(charged)
FROM reservations WHERE made >= :since GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4

-- name: charged
SELECT coalesce(sum(charged), 0) FROM reservations WHERE made >= :since AND made < :until

-- name: charged_to
SELECT coalesce(sum(charged), 0), coalesce(sum(CASE WHEN run IS NULL THEN charged ELSE 0 END), 0)
FROM reservations WHERE made >= :since AND specialist = :specialist

-- name: spent_by_run
SELECT coalesce(sum(charged), 0) FROM reservations WHERE run = :run

-- name: triage_spend
SELECT step, count(*), sum(input + cached + stored + stored_long), sum(output + reasoning), sum(charged)
FROM reservations WHERE specialist = :specialist AND run IS NULL GROUP BY step

-- name: triage_by_day
SELECT made / :day, step, model, count(*), sum(input + cached + stored + stored_long), sum(output + reasoning)
FROM reservations WHERE specialist = :specialist AND run IS NULL GROUP BY 1, 2, 3 ORDER BY 1, 2, 3

-- name: by_run
SELECT run, model, count(*), sum(input + cached + stored + stored_long), sum(output + reasoning)
FROM reservations WHERE specialist = :specialist AND run IS NOT NULL GROUP BY 1, 2 ORDER BY 1, 2
