-- For each question: whether the repository is public, whether the blob was uploaded to it or one of its manifests names it
-- (both are always asked: which of them knew is nobody's business), and if licenses decide ($4), the releases that name such
-- a manifest, or what lists it at any depth, or what those are referrers of.
SELECT wanted.number::int,
       EXISTS (SELECT FROM repository r WHERE r.id = wanted.place AND r.visibility = 'public') AS is_public,
       EXISTS (SELECT
               FROM registry.blob_link l
               WHERE l.organization = wanted.organization AND l.repository = wanted.repository
                 AND l.digest = wanted.digest) AS is_linked,
       EXISTS (SELECT
               FROM manifest m
               WHERE m.organization = wanted.organization AND m.repository = wanted.repository
                 AND m.blobs @> jsonb_build_array(jsonb_build_object('digest', wanted.digest))) AS is_named,
       CASE WHEN wanted.licensed THEN (
           WITH RECURSIVE containing AS (
               SELECT m.digest, m.subject
               FROM manifest m
               WHERE m.organization = wanted.organization AND m.repository = wanted.repository
                 AND m.blobs @> jsonb_build_array(jsonb_build_object('digest', wanted.digest))
               UNION
               SELECT up.digest, up.subject
               FROM containing down
               JOIN manifest up ON up.organization = wanted.organization AND up.repository = wanted.repository
                   AND (up.children @> jsonb_build_array(jsonb_build_object('digest', down.digest))
                        OR up.digest = down.subject)
           )
           SELECT jsonb_agg(DISTINCT a.asked)::text
           FROM containing c
           JOIN artifact_asked a ON a.organization = wanted.organization AND a.repository = wanted.repository
               AND a.digest = c.digest
               AND a.artifacts @> jsonb_build_array(
                   jsonb_build_object('repository', wanted.repository, 'digest', c.digest))) END AS asked
FROM unnest($1::uuid[], $2::text[], $3::uuid[], $4::bool[], $5::text[])
     WITH ORDINALITY AS wanted (organization, repository, place, licensed, digest, number)
