-- name: open
INSERT INTO breakers (model, cause, since) VALUES (:model, :cause, :since) ON CONFLICT (model) DO NOTHING

-- name: close
DELETE FROM breakers WHERE model = :model

-- name: all
SELECT model, cause, since FROM breakers ORDER BY model
