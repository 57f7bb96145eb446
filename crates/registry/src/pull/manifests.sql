-- For each question ($5 a tag or $6 a digest, of which one is null): whether the repository is public, the manifest, and if
-- licenses decide ($4), the releases that name it, or what lists it at any depth.
SELECT wanted.number::int,
       coalesce((SELECT r.visibility = 'public' FROM repository r WHERE r.id = wanted.place), false) AS is_public,
       found.digest, found.media_type, found.size,
       CASE WHEN wanted.licensed THEN (
           WITH RECURSIVE containing AS (
               SELECT found.digest
               UNION
               SELECT up.digest
               FROM containing down
               CROSS JOIN LATERAL manifests_above(wanted.organization, wanted.repository, down.digest) AS up
           )
           SELECT jsonb_agg(DISTINCT a.asked)::text
           FROM containing c
           JOIN artifact_asked a ON a.places @> ARRAY[place(wanted.organization, wanted.repository, c.digest)]
               AND a.repository = wanted.repository AND a.digest = c.digest) END AS asked
FROM unnest($1::uuid[], $2::text[], $3::uuid[], $4::bool[], $5::text[], $6::text[])
     WITH ORDINALITY AS wanted (organization, repository, place, licensed, tag, digest, number)
LEFT JOIN LATERAL (SELECT t.digest
                   FROM tag t
                   WHERE t.organization = wanted.organization AND t.repository = wanted.repository AND t.name = wanted.tag
                   LIMIT 1) AS tagged ON true
LEFT JOIN LATERAL (SELECT m.digest, m.media_type, m.size
                   FROM manifest m
                   WHERE m.organization = wanted.organization AND m.repository = wanted.repository
                     AND m.digest = coalesce(wanted.digest, tagged.digest)
                   LIMIT 1) AS found ON true
