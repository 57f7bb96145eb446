-- Which of these blobs a manifest of the repository names.
SELECT to_jsonb(wanted.digest)
FROM unnest($3::text[]) AS wanted (digest)
WHERE EXISTS (SELECT 1
              FROM manifest
              WHERE organization = $1 AND repository = $2
                AND blobs @> jsonb_build_array(jsonb_build_object('digest', wanted.digest)))
