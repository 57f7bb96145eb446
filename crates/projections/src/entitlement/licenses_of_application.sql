SELECT jsonb_build_object(
    'key', customer,
    'license', jsonb_build_object('id', id, 'name', name, 'application', application, 'terms', terms, 'standing', standing)
)
FROM license
WHERE organization = $1 AND application = $2
ORDER BY name
