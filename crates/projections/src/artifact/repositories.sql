SELECT m.repository, m.artifact,
       jsonb_build_object('repository', m.repository, 'artifact', m.artifact, 'manifests', count(*),
                          'last_pushed_at', max(m.pushed_at), 'visibility', coalesce(max(s.visibility), 'private'),
                          'quota', max(s.quota))
FROM manifest m
LEFT JOIN repository s ON s.id = m.artifact
WHERE m.organization = $1
  AND $2::uuid IS NULL -- customers see artifacts through releases
  AND (cardinality($6::text[]) = 0
       OR EXISTS (SELECT FROM unnest($6::text[]) AS pattern
                  WHERE matches_pattern(m.repository, pattern)))
  AND ($3::text IS NULL OR (m.repository, m.artifact) > ($3, $4::uuid))
GROUP BY m.repository, m.artifact
ORDER BY m.repository, m.artifact
LIMIT $5
