SELECT jsonb_build_object('release', newest.id)
FROM unnest($2::uuid[]) AS asked (application)
CROSS JOIN LATERAL (
    SELECT r.id
    FROM release r
    WHERE r.organization = $1 AND r.application = asked.application AND r.status IN ('published', 'deprecated')
      AND EXISTS (SELECT FROM jsonb_array_elements(r.packages) AS package WHERE package ->> 'kind' = 'helm')
    ORDER BY r.sort_key DESC
    LIMIT 1
) AS newest
