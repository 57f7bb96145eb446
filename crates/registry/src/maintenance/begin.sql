INSERT INTO registry.job (name, began_at) VALUES ($1, $2)
ON CONFLICT (name) DO UPDATE SET began_at = excluded.began_at, ended_at = NULL, report = NULL
WHERE job.began_at <= $3
