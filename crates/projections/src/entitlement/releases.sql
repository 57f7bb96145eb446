SELECT jsonb_build_object('key', id, 'asked', asked)
FROM release_asked
WHERE organization = $1 AND id = ANY($2)
