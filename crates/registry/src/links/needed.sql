-- Of these blobs, those that anybody needs: as a manifest, as a part of one, or because of a link that is young.
SELECT wanted.digest
FROM unnest($1::text[]) AS wanted (digest)
WHERE EXISTS (SELECT 1 FROM registry.blob_link l WHERE l.digest = wanted.digest AND l.at > $2)
   OR EXISTS (SELECT 1 FROM manifest m WHERE m.digest = wanted.digest)
   OR EXISTS (SELECT 1 FROM manifest m
              WHERE m.blobs @> jsonb_build_array(jsonb_build_object('digest', wanted.digest)))
