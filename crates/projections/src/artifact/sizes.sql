-- How many bytes each of these manifests is with what it names; an index, with the manifests that it lists.
SELECT jsonb_build_object('digest', m.digest, 'bytes',
                          m.size + blob_sizes.bytes + coalesce((SELECT sum(c.size + child_sizes.bytes)
                              FROM jsonb_array_elements(m.children) AS child
                              JOIN manifest c ON c.organization = m.organization AND c.repository = m.repository
                                             AND c.digest = child ->> 'digest'
                              CROSS JOIN LATERAL (SELECT coalesce(sum((blob ->> 'size')::bigint), 0) AS bytes
                                                  FROM jsonb_array_elements(c.blobs) AS blob) AS child_sizes), 0))
FROM manifest m
CROSS JOIN LATERAL (SELECT coalesce(sum((blob ->> 'size')::bigint), 0) AS bytes
                    FROM jsonb_array_elements(m.blobs) AS blob) AS blob_sizes
WHERE m.organization = $1 AND m.repository = $2 AND m.digest = ANY ($3)
