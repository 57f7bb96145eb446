-- What manifests name and are, of all organizations; not the layers that may stay elsewhere.
SELECT digest
FROM (SELECT digest FROM manifest
      UNION
      SELECT blob ->> 'digest' FROM manifest CROSS JOIN LATERAL jsonb_array_elements(blobs) AS blob
      WHERE blob ->> 'media_type' NOT LIKE '%nondistributable%' AND blob ->> 'media_type' NOT LIKE '%.foreign.%') AS named
WHERE digest COLLATE "C" > $1
ORDER BY digest COLLATE "C"
LIMIT $2
