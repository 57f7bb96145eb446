-- What runs where. For people who know no events: names rather than ids, one kind of thing a row.

CREATE VIEW customers AS
SELECT
    o.name AS organization, c.name AS customer, c.display_name, c.created_at,
    (SELECT count(*) FROM target t WHERE t.customer = c.id AND t.retired_at IS NULL) AS targets,
    (SELECT count(*) FROM license l WHERE l.customer = c.id) AS licenses
FROM customer c
JOIN organization o ON o.id = c.organization;
COMMENT ON VIEW customers IS 'The clients of each vendor. One row a customer.';
COMMENT ON COLUMN customers.organization IS 'The vendor.';
COMMENT ON COLUMN customers.customer IS 'The name that commands use; never changes.';
COMMENT ON COLUMN customers.display_name IS 'The name for people.';
COMMENT ON COLUMN customers.created_at IS 'When the customer was made.';
COMMENT ON COLUMN customers.targets IS 'Targets that are not retired.';
COMMENT ON COLUMN customers.licenses IS 'Licenses in any state.';

CREATE VIEW fleet AS
SELECT
    o.name AS organization, c.name AS customer, t.name AS target, t.runtime,
    CASE
        WHEN t.retired_at IS NOT NULL THEN 'retired'
        WHEN h.heard_at IS NULL THEN 'unknown'
        WHEN now() - h.heard_at > interval '5 minutes' THEN 'silent'
        WHEN d.phase IN ('failed', 'unhealthy') THEN 'failed'
        WHEN d.phase = 'held' THEN 'held'
        WHEN d.phase IN ('progressing', 'removing') THEN 'progressing'
        ELSE 'ok'
    END AS state,
    h.heard_at AS last_check_in, h.agent_version,
    a.name AS application, d.desired ->> 'version' AS wanted_version, d.running_version, d.phase, d.error_category,
    d.error, d.flapping, d.drift, d.changed_at, t.created_at AS registered_at, t.enrolled_at, t.retired_at
FROM target t
JOIN organization o ON o.id = t.organization
JOIN customer c ON c.id = t.customer
LEFT JOIN heartbeat h ON h.id = t.id
LEFT JOIN deployment d ON d.target = t.id AND d.phase <> 'removed'
LEFT JOIN application a ON a.id = d.application;
COMMENT ON VIEW fleet IS
    'Every target and what stands on it now. One row for each application on a target; a target without one has one row.';
COMMENT ON COLUMN fleet.organization IS 'The vendor.';
COMMENT ON COLUMN fleet.customer IS 'Whose environment it is.';
COMMENT ON COLUMN fleet.target IS 'The environment; its name is unique within the customer.';
COMMENT ON COLUMN fleet.runtime IS 'What runs the applications there: docker.';
COMMENT ON COLUMN fleet.state IS
    'retired; unknown (never heard from); silent (not heard from for five minutes); else how the application stands: failed, held (by the host''s policy), progressing, ok.';
COMMENT ON COLUMN fleet.last_check_in IS 'When the agent was last heard from, by the hub''s clock.';
COMMENT ON COLUMN fleet.agent_version IS 'The version that the agent reported last.';
COMMENT ON COLUMN fleet.application IS 'Null if nothing was ever deployed, or all of it was removed.';
COMMENT ON COLUMN fleet.wanted_version IS 'What was asked for last.';
COMMENT ON COLUMN fleet.running_version IS 'What really runs, as far as it was reported.';
COMMENT ON COLUMN fleet.phase IS 'How the newest wish stands: progressing, healthy, unhealthy, failed, held, removing.';
COMMENT ON COLUMN fleet.error_category IS 'network, entitlement, config, runtime, unhealthy, resources, policy, internal or unknown.';
COMMENT ON COLUMN fleet.error IS 'The agent''s own words.';
COMMENT ON COLUMN fleet.flapping IS 'Whether it changes so often that only one change in three minutes is told.';
COMMENT ON COLUMN fleet.drift IS 'What somebody changed by hand and is not repaired yet.';
COMMENT ON COLUMN fleet.changed_at IS 'When the application''s standing changed last.';
COMMENT ON COLUMN fleet.registered_at IS 'When the target was made.';
COMMENT ON COLUMN fleet.enrolled_at IS 'When its agent joined; null until then.';
COMMENT ON COLUMN fleet.retired_at IS 'When it was given up.';

CREATE VIEW versions_by_customer AS
SELECT organization, customer, application, running_version AS version, count(*) AS targets
FROM fleet
WHERE retired_at IS NULL AND running_version IS NOT NULL
GROUP BY organization, customer, application, running_version;
COMMENT ON VIEW versions_by_customer IS 'How many targets of a customer run which version now.';
COMMENT ON COLUMN versions_by_customer.organization IS 'The vendor.';
COMMENT ON COLUMN versions_by_customer.customer IS 'Whose targets are counted.';
COMMENT ON COLUMN versions_by_customer.application IS 'What runs.';
COMMENT ON COLUMN versions_by_customer.version IS 'In which version it runs.';
COMMENT ON COLUMN versions_by_customer.targets IS 'On how many targets that are not retired.';

CREATE VIEW deployments AS
SELECT
    o.name AS organization, c.name AS customer, t.name AS target, a.name AS application, r.generation,
    CASE WHEN r.version IS NULL THEN 'removal' ELSE 'release' END AS kind,
    r.version, l.name AS license, r.requested_at, r.requested_by,
    CASE
        WHEN r.done_at IS NOT NULL THEN 'done'
        WHEN r.failed_at IS NOT NULL THEN 'failed'
        WHEN r.generation < d.generation THEN 'superseded'
        ELSE 'under way'
    END AS outcome,
    coalesce(r.done_at, r.failed_at) AS finished_at,
    coalesce(r.done_at, r.failed_at) - r.requested_at AS duration,
    r.error_category, r.error
FROM generation r
JOIN organization o ON o.id = r.organization
JOIN customer c ON c.id = r.customer
JOIN target t ON t.id = r.target
JOIN application a ON a.id = r.application
JOIN deployment d ON d.id = r.deployment
LEFT JOIN license l ON l.id = r.license;
COMMENT ON VIEW deployments IS
    'Every wish for a version on a target, and every wish for its removal, with what became of it. One row a wish.';
COMMENT ON COLUMN deployments.organization IS 'The vendor.';
COMMENT ON COLUMN deployments.customer IS 'Whose target it is.';
COMMENT ON COLUMN deployments.target IS 'Where.';
COMMENT ON COLUMN deployments.application IS 'What.';
COMMENT ON COLUMN deployments.generation IS 'Counts the wishes for this application on this target.';
COMMENT ON COLUMN deployments.kind IS 'release or removal.';
COMMENT ON COLUMN deployments.version IS 'The version that was asked for; null for a removal.';
COMMENT ON COLUMN deployments.license IS 'The license that allowed it.';
COMMENT ON COLUMN deployments.requested_at IS 'When it was asked for.';
COMMENT ON COLUMN deployments.requested_by IS 'Who asked: member:<id>, robot:<id>, operator.';
COMMENT ON COLUMN deployments.outcome IS
    'done (it was healthy, or is removed), failed, superseded by a later wish before either, or under way.';
COMMENT ON COLUMN deployments.finished_at IS 'When it was first healthy or removed, else when it was given up.';
COMMENT ON COLUMN deployments.duration IS 'From the wish to its end, by the hub''s clock.';
COMMENT ON COLUMN deployments.error_category IS 'Of a failure: network, entitlement, config, runtime, unhealthy, resources, policy, internal, unknown.';
COMMENT ON COLUMN deployments.error IS 'Of a failure: the agent''s own words.';

CREATE VIEW adoption_by_day AS
WITH stretch AS (
    SELECT
        deployment, organization, application, version, done_at AS since,
        coalesce(lead(done_at) OVER (PARTITION BY deployment ORDER BY generation), 'infinity') AS until
    FROM generation
    WHERE done_at IS NOT NULL
)
SELECT
    o.name AS organization, a.name AS application, s.version, day::date AS day, count(*) AS targets
FROM stretch s
JOIN organization o ON o.id = s.organization
JOIN application a ON a.id = s.application
CROSS JOIN LATERAL generate_series(
    date_trunc('day', s.since, 'UTC'), least(s.until, now()), interval '1 day'
) AS day
WHERE s.version IS NOT NULL AND day + interval '1 day' <= s.until
GROUP BY o.name, a.name, s.version, day;
COMMENT ON VIEW adoption_by_day IS
    'On how many targets each version ran at the end of each day (UTC), from the first day to today. Counts what became healthy and was not replaced or removed by then.';
COMMENT ON COLUMN adoption_by_day.organization IS 'The vendor.';
COMMENT ON COLUMN adoption_by_day.application IS 'What ran.';
COMMENT ON COLUMN adoption_by_day.version IS 'In which version.';
COMMENT ON COLUMN adoption_by_day.day IS 'The day, in UTC; for today, as it is now.';
COMMENT ON COLUMN adoption_by_day.targets IS 'On how many targets.';

CREATE VIEW heartbeats_by_hour AS
SELECT o.name AS organization, c.name AS customer, t.name AS target, h.hour, h.reports AS heartbeats, h.missing
FROM heartbeat_hour h
JOIN organization o ON o.id = h.organization
JOIN target t ON t.id = h.target
JOIN customer c ON c.id = t.customer;
COMMENT ON VIEW heartbeats_by_hour IS
    'How many reports each agent made in each hour; one that was sent twice counts once. An hour without a report has no row.';
COMMENT ON COLUMN heartbeats_by_hour.organization IS 'The vendor.';
COMMENT ON COLUMN heartbeats_by_hour.customer IS 'Whose target it is.';
COMMENT ON COLUMN heartbeats_by_hour.target IS 'Whose agent reported.';
COMMENT ON COLUMN heartbeats_by_hour.hour IS 'The begin of the hour in which the agent made them, by its own clock.';
COMMENT ON COLUMN heartbeats_by_hour.heartbeats IS 'How many.';
COMMENT ON COLUMN heartbeats_by_hour.missing IS 'How many more the agent had to let go while its journal was full.';
