-- The releases that name each of these manifests, drafts included, the newest version of an application first.
SELECT jsonb_build_object('digest', named.digest, 'releases', jsonb_agg(r.id ORDER BY r.application, r.sort_key DESC))
FROM unnest($3::text[]) AS named (digest)
JOIN release r ON image_keys(r.organization, r.images) @> ARRAY[manifest_key($1, $2, named.digest)]
GROUP BY named.digest
