SELECT to_jsonb(visibility) FROM repository WHERE id = $1
