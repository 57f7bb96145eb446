SELECT to_jsonb(digest)
FROM manifest
WHERE organization = $1 AND repository = $2 AND digest = ANY ($3::text[])
