SELECT to_jsonb(t)
FROM repository t
WHERE retention IS NOT NULL
ORDER BY organization, repository
