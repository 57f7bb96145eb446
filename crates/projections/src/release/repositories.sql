-- What the releases of an application run of the registry, whatever became of them; drafts run nothing.
SELECT jsonb_build_object(
    'releases', count(DISTINCT r.id),
    'repositories', coalesce(jsonb_agg(DISTINCT image -> 'repository') FILTER (WHERE image IS NOT NULL), '[]'))
FROM release r
LEFT JOIN LATERAL jsonb_array_elements(r.images) AS image ON true
WHERE r.organization = $1 AND r.application = $2 AND r.status <> 'draft'
