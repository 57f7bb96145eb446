SELECT jsonb_build_object('repository', m.repository, 'artifact', m.artifact, 'manifests', count(*),
                          'last_pushed_at', max(m.pushed_at), 'visibility', coalesce(max(s.visibility), 'private'),
                          'quota', max(s.quota))
FROM manifest m
LEFT JOIN repository s ON s.id = m.artifact
WHERE m.organization = $1
  AND $2::uuid IS NULL -- customers see artifacts through releases
  AND m.repository = $3
GROUP BY m.repository, m.artifact
