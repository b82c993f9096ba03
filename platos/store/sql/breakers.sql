-- name: open
INSERT INTO breakers (model, cause, since, checksum) VALUES (:model, :cause, :since, :checksum)
ON CONFLICT (model) DO NOTHING

-- name: close
DELETE FROM breakers WHERE model = :model

-- name: all
SELECT model, cause, since FROM breakers ORDER BY model
