UPDATE credential c
SET last_used_at = u.at, last_used_from = coalesce(u.network, c.last_used_from)
FROM unnest($1::uuid[], $2::timestamptz[], $3::text[]) AS u(id, at, network)
WHERE c.id = u.id
  AND (c.last_used_at, c.last_used_from) IS DISTINCT FROM (u.at, coalesce(u.network, c.last_used_from))
