SELECT jsonb_build_object('release', newest.id, 'lock', newest.lock)
FROM unnest($2::uuid[]) AS application
CROSS JOIN LATERAL (
    SELECT r.id, package -> 'lock' AS lock
    FROM release r
    CROSS JOIN LATERAL jsonb_array_elements(r.packages) AS package
    WHERE r.organization = $1 AND r.application = application AND r.status IN ('published', 'deprecated')
      AND package ->> 'kind' = 'helm'
    ORDER BY r.sort_key DESC
    LIMIT 1
) AS newest
