SELECT to_jsonb(t)
FROM repository t
WHERE organization = $1 AND repository = $2
