-- For each question: whether the repository is public, whether it holds the blob (a link alone says so: an upload or a mount made
-- it), and if licenses decide ($4), the releases that name a manifest with this blob, or what lists it at any depth.
SELECT wanted.number::int,
       coalesce((SELECT r.visibility = 'public' FROM repository r WHERE r.id = wanted.place), false) AS is_public,
       coalesce((SELECT true
                 FROM registry.blob_link l
                 WHERE l.organization = wanted.organization AND l.repository = wanted.repository
                   AND l.digest = wanted.digest), false) AS is_held,
       CASE WHEN wanted.licensed THEN (
           WITH RECURSIVE containing AS (
               SELECT m.digest
               FROM manifest m
               WHERE places(m.organization, m.repository, m.blobs)
                     @> ARRAY[place(wanted.organization, wanted.repository, wanted.digest)]
               UNION
               SELECT up.digest
               FROM containing down
               CROSS JOIN LATERAL manifests_above(wanted.organization, wanted.repository, down.digest) AS up
           )
           SELECT jsonb_agg(DISTINCT a.asked)::text
           FROM containing c
           JOIN artifact_asked a ON a.places @> ARRAY[place(wanted.organization, wanted.repository, c.digest)]
               AND a.repository = wanted.repository AND a.digest = c.digest) END AS asked
FROM unnest($1::uuid[], $2::text[], $3::uuid[], $4::bool[], $5::text[])
     WITH ORDINALITY AS wanted (organization, repository, place, licensed, digest, number)
