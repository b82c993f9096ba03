-- name: keep
INSERT INTO answers (question, reply) VALUES (:question, :reply) ON CONFLICT (question) DO NOTHING

-- name: find
SELECT reply FROM answers WHERE question = :question
