DELETE FROM registry.upload WHERE id = $1 AND organization = $2 AND repository = $3
