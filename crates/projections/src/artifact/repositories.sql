SELECT repository, artifact,
       jsonb_build_object('repository', repository, 'artifact', artifact, 'manifests', count(*),
                          'last_pushed_at', max(pushed_at))
FROM manifest
WHERE organization = $1
  AND $2::uuid IS NULL -- customers see artifacts through releases
  AND ($3::text IS NULL OR (repository, artifact) > ($3, $4::uuid))
GROUP BY repository, artifact
ORDER BY repository, artifact
LIMIT $5
