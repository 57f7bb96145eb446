SELECT to_jsonb(t)
FROM member t
WHERE organization = $1
  AND active
  AND sign_in = 'password'
  AND membership @> '{"side": "vendor", "role": "owner"}'
ORDER BY created_at, id
