SELECT to_jsonb(quota) FROM repository WHERE id = $1 AND quota IS NOT NULL
