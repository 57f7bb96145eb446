-- What changes whenever the desired state of a target does: the generations of its deployments, the customer's secrets, and how the
-- releases are verified, which the application (its signing policy) and the release (its signatures) say. (A look-up for each, so that it goes by an index whatever the planner knows.)
SELECT d.target,
       string_agg(
           concat_ws(
               ':', d.id, d.generation,
               (SELECT a.position FROM application a WHERE a.id = d.application),
               (SELECT r.position FROM release r WHERE r.application = d.application AND r.version = d.desired ->> 'version')
           ),
           ';' ORDER BY d.created_at, d.id
       )
       || coalesce(CASE WHEN bool_or(d.desired ->> 'config' LIKE '%${secret:%') THEN (
              SELECT ';' || count(*) || ' ' || max(s.changed_at) FROM secret s
              WHERE s.organization = d.organization AND s.customer = d.customer
          ) END, '') AS source
FROM deployment d
WHERE d.target = ANY($1) AND d.phase <> 'removed'
GROUP BY d.target, d.organization, d.customer
