-- No more than $3 bytes of them, which are counted first.
SELECT jsonb_build_object(
    'bytes', coalesce(sum(octet_length(rights::text)), 0),
    'of_each', CASE
        WHEN coalesce(sum(octet_length(rights::text)), 0) <= $3::bigint THEN coalesce(jsonb_agg(rights), '[]')
    END)
FROM (
    SELECT jsonb_strip_nulls(jsonb_build_object(
        'kinds', package -> 'lock' -> 'kinds', 'rules', package -> 'lock' -> 'rules')) AS rights
    FROM release r
    CROSS JOIN LATERAL jsonb_array_elements(r.packages) AS package
    WHERE r.organization = $1 AND r.id = ANY($2) AND package ->> 'kind' = 'helm'
) AS chart
