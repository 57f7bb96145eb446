SELECT to_jsonb(t)
FROM seat s
JOIN license t ON t.id = s.license
WHERE s.target = $2 AND s.organization = $1
