SELECT to_jsonb(coalesce(sum(size), 0)::bigint)
FROM (SELECT repository, digest, size FROM manifest
      WHERE organization = $1 AND ($2::text IS NULL OR repository = $2)
      UNION
      SELECT repository, blob ->> 'digest', (blob ->> 'size')::bigint
      FROM manifest CROSS JOIN LATERAL jsonb_array_elements(blobs) AS blob
      WHERE organization = $1 AND ($2::text IS NULL OR repository = $2)) AS held
