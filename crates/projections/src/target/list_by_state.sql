-- the state as `domain::fleet` tells it: silence first, then the worst deployment
SELECT name, id, whole, state, customer_name, heard_at, created_at
FROM (
    SELECT
        t.name, t.id, to_jsonb(t) AS whole, c.name AS customer_name, h.heard_at, t.created_at,
        CASE
            WHEN h.heard_at IS NULL THEN 'unknown'
            WHEN h.heard_at <= $11::timestamptz THEN 'offline'
            WHEN h.heard_at <= $10::timestamptz THEN 'stale'
            ELSE coalesce((
                SELECT CASE
                    WHEN bool_or(d.phase IN ('failed', 'unhealthy')) THEN 'failed'
                    WHEN bool_or(d.phase = 'held') THEN 'held'
                    WHEN bool_or(d.phase IN ('progressing', 'removing')) THEN 'progressing'
                END
                FROM deployment d
                WHERE d.target = t.id
            ), 'ok')
        END AS state
    FROM target t
    JOIN customer c ON c.id = t.customer
    LEFT JOIN heartbeat h ON h.id = t.id
    WHERE t.organization = $1
      AND ($2::uuid IS NULL OR t.customer = $2)
      AND ($3::text IS NULL OR (t.name, t.id) > ($3, $4::uuid))
      AND ($6::uuid IS NULL OR t.customer = $6)
      AND t.retired_at IS NULL
      AND ($8::uuid IS NULL OR EXISTS (
          SELECT FROM deployment d WHERE d.target = t.id AND d.application = $8 AND d.phase <> 'removed'))
      AND ($9::text IS NULL OR strpos(t.name, $9) > 0 OR strpos(c.name, $9) > 0
           OR strpos(lower(c.display_name), $9) > 0)
      -- each label that is asked for, by the vendor or by the customer
      AND NOT EXISTS (
          SELECT FROM jsonb_to_recordset($12::jsonb) AS wanted (key text, value text)
          WHERE NOT (jsonb_exists(t.labels, wanted.key)
                     AND coalesce(t.labels ->> wanted.key = wanted.value, true))
            AND NOT (jsonb_exists(t.customer_labels, wanted.key)
                     AND coalesce(t.customer_labels ->> wanted.key = wanted.value, true)))
) AS fleet
WHERE $7::text[] IS NULL OR state = ANY($7)
ORDER BY name, id
LIMIT $5::bigint
