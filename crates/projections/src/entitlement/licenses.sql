SELECT jsonb_build_object('id', id, 'name', name, 'application', application, 'terms', terms, 'standing', standing)
FROM license
WHERE organization = $1 AND customer = $2
ORDER BY name
