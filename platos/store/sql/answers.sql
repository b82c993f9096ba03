-- name: keep
INSERT INTO answers (question, reply, made, checksum) VALUES (:question, :reply, :made, :checksum)
ON CONFLICT (question) DO NOTHING

-- name: find
SELECT reply FROM answers WHERE question = :question
