-- A release that may still be deployed or published keeps what it names.
WITH named AS (
    SELECT DISTINCT image ->> 'digest' AS digest
    FROM release r
    CROSS JOIN LATERAL jsonb_array_elements(r.images) AS image
    WHERE r.organization = $1 AND r.status <> 'revoked'
      AND r.images @> jsonb_build_array(jsonb_build_object('repository', $2::text))
      AND image ->> 'repository' = $2
)
SELECT jsonb_build_object(
    'tags', (SELECT coalesce(jsonb_agg(jsonb_build_object(
                 'name', name, 'digest', digest, 'moved_at', moved_at) ORDER BY name), '[]')
             FROM tag WHERE organization = $1 AND repository = $2),
    'manifests', (SELECT coalesce(jsonb_agg(jsonb_build_object(
                      'digest', m.digest,
                      'children', (SELECT coalesce(jsonb_agg(child -> 'digest'), '[]')
                                   FROM jsonb_array_elements(m.children) AS child),
                      'subject', m.subject,
                      'pushed_at', m.pushed_at,
                      'released', EXISTS (SELECT 1 FROM named WHERE named.digest = m.digest)) ORDER BY m.digest), '[]')
                  FROM manifest m WHERE organization = $1 AND repository = $2))
