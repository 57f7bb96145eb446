-- What needs a person now, the worst first, and of one kind the longest known; what ends goes by its end. Each has a key that says what
-- it is about and which time that it is so: once it is settled and comes again, it is another.
SELECT place.key, a.subject,
    jsonb_build_object(
        'key', a.key, 'kind', a.kind, 'since', a.since, 'due_at', a.due_at, 'category', a.category, 'reason', a.reason,
        'customer', c.name, 'customer_display_name', c.display_name, 'target', a.target, 'application', ap.name,
        'license', a.license, 'token', a.token,
        'put_off', CASE WHEN p.id IS NOT NULL
            THEN jsonb_build_object('until', p.until, 'reason', p.reason, 'by', p.put_off_by, 'at', p.put_off_at) END)
FROM (
    SELECT CASE d.phase WHEN 'held' THEN '2' ELSE '1' END AS rank,
        CASE d.phase WHEN 'held' THEN 'deployment_held' ELSE 'deployment_failed' END AS kind,
        CASE d.phase WHEN 'held' THEN 'deployment_held/' ELSE 'deployment_failed/' END || d.id || '/' || d.generation AS key,
        d.id AS subject, d.changed_at AS since, NULL::timestamptz AS due_at, d.error_category AS category,
        coalesce(d.error, '') AS reason, d.customer, t.name AS target, d.application, NULL::text AS license, NULL::text AS token
    FROM deployment d
    JOIN target t ON t.id = d.target
    WHERE d.organization = $1 AND d.phase IN ('failed', 'unhealthy', 'held') AND t.retired_at IS NULL
    UNION ALL
    SELECT '3', 'deployment_flapping', 'deployment_flapping/' || d.id || '/' || d.generation,
        d.id, d.changed_at, NULL, NULL, '', d.customer, t.name, d.application, NULL, NULL
    FROM deployment d
    JOIN target t ON t.id = d.target
    WHERE d.organization = $1 AND d.flapping AND t.retired_at IS NULL
    UNION ALL
    SELECT '4', 'target_silent', 'target_silent/' || t.id || '/' || extract(epoch FROM h.heard_at)::bigint,
        t.id, h.heard_at, NULL, NULL, '', t.customer, t.name, NULL, NULL, NULL
    FROM target t
    JOIN heartbeat h ON h.id = t.id
    WHERE t.organization = $1 AND t.retired_at IS NULL AND h.heard_at <= $9::timestamptz
    UNION ALL
    SELECT '5', 'license_used_up', 'license_used_up/' || l.id,
        l.id, NULL, NULL, NULL, l.seats_taken || ' of ' || (l.terms ->> 'seats') || ' seats are taken',
        l.customer, NULL, l.application, l.name, NULL
    FROM license l
    WHERE l.organization = $1 AND l.standing ->> 'standing' = 'active'
      AND l.seats_taken >= (l.terms ->> 'seats')::bigint
      AND coalesce((l.terms ->> 'expires_at')::timestamptz > $8::timestamptz, true)
    UNION ALL
    SELECT '6', 'license_ends', 'license_ends/' || l.id || '/' || extract(epoch FROM (l.terms ->> 'expires_at')::timestamptz)::bigint,
        l.id, NULL, (l.terms ->> 'expires_at')::timestamptz, NULL, '', l.customer, NULL, l.application, l.name, NULL
    FROM license l
    WHERE l.organization = $1 AND l.standing ->> 'standing' = 'active'
      AND (l.terms ->> 'expires_at')::timestamptz > $8::timestamptz
      AND (l.terms ->> 'expires_at')::timestamptz <= $8::timestamptz + interval '30 days'
    UNION ALL
    -- a customer's tokens are the customer's to look after
    SELECT '7', 'token_ends', 'token_ends/' || k.id,
        k.id, NULL, k.expires_at, NULL, '', NULL, NULL, NULL, NULL, k.label
    FROM token k
    JOIN member m ON m.id = k.member
    WHERE k.organization = $1 AND $2::uuid IS NULL AND m.customer IS NULL AND k.revoked_at IS NULL
      AND k.expires_at > $8::timestamptz AND k.expires_at <= $8::timestamptz + interval '14 days'
) AS a
CROSS JOIN LATERAL (
    SELECT (a.rank || lpad(coalesce(extract(epoch FROM coalesce(a.due_at, a.since))::bigint, 0)::text, 12, '0') || '/' || a.key)
        COLLATE "C" AS key
) AS place
LEFT JOIN customer c ON c.id = a.customer
LEFT JOIN application ap ON ap.id = a.application
-- what a vendor puts off its customers see all the same
LEFT JOIN alert_put_off p
    ON p.organization = $1 AND p.alert = a.key AND p.until > $8::timestamptz AND $2::uuid IS NULL
WHERE ($2::uuid IS NULL OR a.customer = $2)
  AND ($6::boolean IS NULL OR $6 = (p.id IS NOT NULL))
  AND ($7::text IS NULL OR a.key = $7)
  AND ($3::text IS NULL
       OR (place.key, a.subject)
          > ($3 COLLATE "C", $4::uuid))
ORDER BY place.key, a.subject
LIMIT $5::bigint
