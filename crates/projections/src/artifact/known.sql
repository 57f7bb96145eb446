SELECT jsonb_build_array(digest, size)
FROM manifest
WHERE organization = $1 AND repository = $2 AND digest = ANY ($3::text[])
