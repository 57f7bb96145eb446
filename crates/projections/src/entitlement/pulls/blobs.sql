-- For each question: whether the repository is public, and if licenses decide ($4), what opens the blob as part of a release.
SELECT wanted.number::int,
       coalesce((SELECT r.visibility = 'public' FROM repository r WHERE r.id = wanted.repository_id), false) AS is_public,
       CASE WHEN wanted.licensed THEN (
           SELECT jsonb_agg(DISTINCT o.asked)::text
           FROM opening_blob(wanted.organization, wanted.repository, wanted.digest) AS o) END AS asked
FROM unnest($1::uuid[], $2::text[], $3::uuid[], $4::bool[], $5::text[])
     WITH ORDINALITY AS wanted (organization, repository, repository_id, licensed, digest, number)
