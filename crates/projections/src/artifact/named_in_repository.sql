-- For each of these digests, whether its repository has it as a manifest, and whether one of its manifests names it.
SELECT EXISTS (SELECT FROM manifest m
               WHERE m.organization = wanted.organization AND m.repository = wanted.repository AND m.digest = wanted.digest),
       EXISTS (SELECT FROM manifest m
               WHERE manifest_keys(m.organization, m.repository, m.blobs)
                     @> ARRAY[manifest_key(wanted.organization, wanted.repository, wanted.digest)])
FROM unnest($1::uuid[], $2::text[], $3::text[]) WITH ORDINALITY AS wanted (organization, repository, digest, number)
ORDER BY wanted.number
