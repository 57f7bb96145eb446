SELECT to_jsonb(t)
FROM application t
WHERE organization = $1
  AND ($2::uuid IS NULL OR EXISTS (SELECT FROM license l WHERE l.customer = $2 AND l.application = t.id))
  AND id = $3
