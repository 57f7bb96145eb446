-- A customer sees those that a license in force names, and all of an application by one that names none.
SELECT to_jsonb(t)
FROM channel t
WHERE organization = $1
  AND ($2::uuid IS NULL OR EXISTS (
      SELECT FROM license l
      WHERE l.customer = $2 AND l.application = t.application AND l.standing ->> 'standing' = 'active'
        AND ((l.terms ->> 'not_before') IS NULL OR (l.terms ->> 'not_before')::timestamptz <= $4)
        AND ((l.terms ->> 'expires_at') IS NULL OR (l.terms ->> 'expires_at')::timestamptz > $4)
        AND (l.terms -> 'channels' = '[]' OR l.terms -> 'channels' ? t.name)))
  AND id = $3
