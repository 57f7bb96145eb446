SELECT extract(epoch FROM h.hour)::bigint::text, h.id, to_jsonb(h)
FROM heartbeat_hour h
JOIN target t ON t.id = h.target
WHERE h.organization = $1
  AND ($2::uuid IS NULL OR t.customer = $2)
  AND ($3::text IS NULL OR (h.hour, h.id) < (to_timestamp($3::text::bigint), $4::uuid))
  AND h.target = $6
ORDER BY h.hour DESC, h.id DESC
LIMIT $5
