SELECT caller FROM registry.refresh_token WHERE hash = $1 AND expires_at > $2
