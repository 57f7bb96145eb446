-- For each question ($5 a tag or $6 a digest, of which one is null): whether the repository is public, the manifest, and if
-- licenses decide ($4), what opens it as part of a release.
SELECT wanted.number::int,
       coalesce((SELECT r.visibility = 'public' FROM repository r WHERE r.id = wanted.repository_id), false) AS is_public,
       found.digest, found.media_type, found.size,
       CASE WHEN wanted.licensed AND found.digest IS NOT NULL THEN (
           SELECT jsonb_agg(DISTINCT o.asked)::text
           FROM opening_manifest(wanted.organization, wanted.repository, found.digest) AS o) END AS asked
FROM unnest($1::uuid[], $2::text[], $3::uuid[], $4::bool[], $5::text[], $6::text[])
     WITH ORDINALITY AS wanted (organization, repository, repository_id, licensed, tag, digest, number)
LEFT JOIN LATERAL (SELECT t.digest
                   FROM tag t
                   WHERE t.organization = wanted.organization AND t.repository = wanted.repository AND t.name = wanted.tag
                   LIMIT 1) AS tagged ON true
LEFT JOIN LATERAL (SELECT m.digest, m.media_type, m.size
                   FROM manifest m
                   WHERE m.organization = wanted.organization AND m.repository = wanted.repository
                     AND m.digest = coalesce(wanted.digest, tagged.digest)
                   LIMIT 1) AS found ON true
