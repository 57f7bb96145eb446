-- What has the manifest as its subject, and what the tags of the older scheme ($4) point to; each once.
SELECT jsonb_build_object('manifest', to_jsonb(m), 'tag', NULL)
FROM manifest m
WHERE m.organization = $1 AND m.repository = $2 AND m.subject = $3
UNION ALL
SELECT jsonb_build_object('manifest', to_jsonb(m), 'tag', t.name)
FROM tag t
JOIN manifest m ON m.organization = t.organization AND m.repository = t.repository AND m.digest = t.digest
WHERE t.organization = $1 AND t.repository = $2 AND t.name = ANY($4) AND m.subject IS DISTINCT FROM $3
LIMIT 200
