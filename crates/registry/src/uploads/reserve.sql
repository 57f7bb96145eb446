INSERT INTO registry.upload (id, organization, repository, credential, at, reserved)
VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (id) DO UPDATE SET at = excluded.at, reserved = excluded.reserved
