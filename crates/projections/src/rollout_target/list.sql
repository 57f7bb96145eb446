WITH member AS (
    SELECT t.*,
        coalesce(t.class, CASE r.phase WHEN 'aborted' THEN 'cancelled' WHEN 'superseded' THEN 'superseded' END) AS class_now,
        CASE WHEN r.ended_at IS NULL THEN t.in_flight_since END AS in_flight_now,
        coalesce(t.settled_at, r.ended_at) AS settled_now
    FROM rollout_target t
    JOIN rollout r ON r.id = t.rollout
    WHERE t.organization = $1 AND t.rollout = $6
)
SELECT lpad(t.wave::text, 3, '0'), t.id, to_jsonb(t)
    || jsonb_build_object('class', t.class_now, 'in_flight_since', t.in_flight_now, 'settled_at', t.settled_now)
FROM member t
WHERE ($2::uuid IS NULL OR t.customer = $2)
  AND ($3::text IS NULL OR (lpad(t.wave::text, 3, '0'), t.id) > ($3, $4::uuid))
  AND ($7::bigint IS NULL OR t.wave = $7)
  AND ($8::text IS NULL
    OR $8 = coalesce(t.class_now, CASE WHEN t.in_flight_now IS NULL THEN 'waiting' ELSE 'in_flight' END))
  AND ($9::uuid[] IS NULL OR t.target = ANY($9))
ORDER BY lpad(t.wave::text, 3, '0'), t.id
LIMIT $5
