-- Of these digests, those that are manifests, of whatever organization.
SELECT wanted.digest
FROM unnest($1::text[]) AS wanted (digest)
WHERE EXISTS (SELECT FROM manifest m WHERE m.digest = wanted.digest)
