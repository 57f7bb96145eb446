SELECT jsonb_build_object('id', t.id, 'ends_at', least(t.revoked_at, t.expires_at, above.ends_at))
FROM token t
CROSS JOIN LATERAL (
    SELECT min(least(a.revoked_at, a.expires_at)) AS ends_at
    FROM jsonb_array_elements_text(t.ancestors) AS ancestor
    JOIN token a ON a.id = ancestor::uuid
) AS above
WHERE t.organization = $1 AND t.id = ANY($2)
