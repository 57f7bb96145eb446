SELECT to_jsonb(t)
FROM channel t
WHERE organization = $1
  AND ($2::uuid IS NULL OR EXISTS (SELECT FROM license l WHERE l.customer = $2 AND l.application = t.application))
  AND id = $3
