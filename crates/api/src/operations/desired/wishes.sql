-- A generation's wish never changes, and so names it; only secrets change beside.
SELECT d.target,
       string_agg(d.id || ':' || d.generation, ';' ORDER BY d.created_at, d.id)
       || coalesce(CASE WHEN bool_or(d.desired ->> 'config' LIKE '%${secret:%') THEN (
              SELECT ';' || max(s.changed_at) FROM secret s
              WHERE s.organization = d.organization AND s.customer = d.customer
          ) END, '') AS wishes
FROM deployment d
WHERE d.target = ANY($1) AND d.phase <> 'removed'
GROUP BY d.target, d.organization, d.customer
