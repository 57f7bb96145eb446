SELECT to_jsonb(t)
FROM picture t
WHERE digest = $1
ORDER BY id
LIMIT 1
