WITH expired AS (DELETE FROM registry.refresh_token WHERE expires_at <= $3)
INSERT INTO registry.refresh_token (hash, caller, created_at, expires_at) VALUES ($1, $2, $3, $4)
