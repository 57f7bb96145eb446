-- The manifests that name the blob, what lists them at any depth, and what those are referrers of.
WITH RECURSIVE containing AS (
    SELECT digest, subject
    FROM manifest
    WHERE organization = $1 AND repository = $2 AND blobs @> jsonb_build_array(jsonb_build_object('digest', $3::text))
    UNION
    SELECT up.digest, up.subject
    FROM containing down
    JOIN manifest up ON up.organization = $1 AND up.repository = $2
        AND (up.children @> jsonb_build_array(jsonb_build_object('digest', down.digest)) OR up.digest = down.subject)
)
SELECT to_jsonb(digest) FROM containing
