SELECT to_jsonb(t)
FROM deployment t
WHERE organization = $1 AND ($2::uuid IS NULL OR customer = $2) AND target = ANY($3)
ORDER BY created_at, id
