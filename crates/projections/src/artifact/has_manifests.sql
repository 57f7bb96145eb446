SELECT to_jsonb(EXISTS (SELECT 1 FROM manifest WHERE organization = $1 AND repository = $2))
