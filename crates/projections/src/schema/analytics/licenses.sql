-- What is sold, allowed, used and refused.

CREATE VIEW releases AS
SELECT
    o.name AS organization, a.name AS application, r.version, r.status, r.published_at, r.deprecated_on, r.reason,
    (SELECT coalesce(string_agg(ch.name, ', ' ORDER BY ch.name), '') FROM channel ch
     WHERE ch.application = r.application AND ch.current = r.version) AS channels,
    (SELECT count(*) FROM deployment d WHERE d.application = r.application AND d.running_version = r.version) AS targets,
    r.sort_key
FROM release r
JOIN organization o ON o.id = r.organization
JOIN application a ON a.id = r.application;
COMMENT ON VIEW releases IS 'The versions of each application. One row a version.';
COMMENT ON COLUMN releases.organization IS 'The vendor.';
COMMENT ON COLUMN releases.application IS 'Of what.';
COMMENT ON COLUMN releases.version IS 'The semantic version.';
COMMENT ON COLUMN releases.status IS 'draft, published, deprecated or revoked.';
COMMENT ON COLUMN releases.published_at IS 'Null for a draft.';
COMMENT ON COLUMN releases.deprecated_on IS 'From which day on it should not be used any more.';
COMMENT ON COLUMN releases.reason IS 'Why it was deprecated or revoked.';
COMMENT ON COLUMN releases.channels IS 'The channels that stand at it, with commas between.';
COMMENT ON COLUMN releases.targets IS 'How many targets run it now.';
COMMENT ON COLUMN releases.sort_key IS 'Sorts versions as semantic versions sort.';

CREATE VIEW license_use_by_day AS
SELECT
    o.name AS organization, c.name AS customer, a.name AS application, l.name AS license,
    (u.at AT TIME ZONE 'UTC')::date AS day,
    count(*) FILTER (WHERE u.kind = 'pull_granted') AS pulls,
    count(*) FILTER (WHERE u.kind = 'deploy_granted') AS deployments,
    count(*) FILTER (WHERE u.kind IN ('pull_refused', 'deploy_refused')) AS refusals
FROM license_audit u
JOIN organization o ON o.id = u.organization
JOIN customer c ON c.id = u.customer
LEFT JOIN application a ON a.id = u.application
LEFT JOIN license l ON l.id = u.license
WHERE u.kind IN ('pull_granted', 'pull_refused', 'deploy_granted', 'deploy_refused')
GROUP BY o.name, c.name, a.name, l.name, (u.at AT TIME ZONE 'UTC')::date;
COMMENT ON VIEW license_use_by_day IS 'What customers did with their licenses, and what they were refused, by day (UTC).';
COMMENT ON COLUMN license_use_by_day.organization IS 'The vendor.';
COMMENT ON COLUMN license_use_by_day.customer IS 'Who used it.';
COMMENT ON COLUMN license_use_by_day.application IS 'What was used; null if it could not be told.';
COMMENT ON COLUMN license_use_by_day.license IS 'The license that granted or refused; null if there was none.';
COMMENT ON COLUMN license_use_by_day.day IS 'The day, in UTC.';
COMMENT ON COLUMN license_use_by_day.pulls IS 'Pulls that were granted.';
COMMENT ON COLUMN license_use_by_day.deployments IS 'Deployments that were granted.';
COMMENT ON COLUMN license_use_by_day.refusals IS 'Pulls and deployments that were refused.';

CREATE VIEW licenses AS
SELECT
    o.name AS organization, c.name AS customer, a.name AS application, l.name AS license,
    CASE
        WHEN l.standing ->> 'standing' <> 'active' THEN l.standing ->> 'standing'
        WHEN (l.terms ->> 'not_before')::timestamptz > now() THEN 'not yet'
        WHEN (l.terms ->> 'expires_at')::timestamptz <= now() THEN 'expired'
        ELSE 'active'
    END AS status,
    l.standing ->> 'reason' AS reason,
    (l.terms ->> 'seats')::bigint AS seats, l.seats_taken::bigint AS seats_taken,
    (SELECT string_agg(range, ', ') FROM jsonb_array_elements_text(l.terms -> 'versions') AS range) AS versions,
    (SELECT string_agg(feature, ', ') FROM jsonb_array_elements_text(l.terms -> 'features') AS feature) AS features,
    l.created_at AS issued_at,
    (l.terms ->> 'not_before')::timestamptz AS not_before, (l.terms ->> 'expires_at')::timestamptz AS expires_at,
    u.pulls, u.deployments, u.refusals, u.last_used_at
FROM license l
JOIN organization o ON o.id = l.organization
JOIN customer c ON c.id = l.customer
JOIN application a ON a.id = l.application
CROSS JOIN LATERAL (
    SELECT
        count(*) FILTER (WHERE kind = 'pull_granted') AS pulls,
        count(*) FILTER (WHERE kind = 'deploy_granted') AS deployments,
        count(*) FILTER (WHERE kind IN ('pull_refused', 'deploy_refused')) AS refusals,
        max(at) FILTER (WHERE kind IN ('pull_granted', 'deploy_granted')) AS last_used_at
    FROM license_audit
    WHERE license_audit.license = l.id
) AS u;
COMMENT ON VIEW licenses IS 'What each customer may do, and what became of it. One row a license.';
COMMENT ON COLUMN licenses.organization IS 'The vendor.';
COMMENT ON COLUMN licenses.customer IS 'Whose license it is.';
COMMENT ON COLUMN licenses.application IS 'What it is for.';
COMMENT ON COLUMN licenses.license IS 'Its name, unique within the customer.';
COMMENT ON COLUMN licenses.status IS 'active, suspended, revoked, expired, or not yet begun: not yet.';
COMMENT ON COLUMN licenses.reason IS 'Why it was suspended or revoked.';
COMMENT ON COLUMN licenses.seats IS 'How many targets may run it; null means any number.';
COMMENT ON COLUMN licenses.seats_taken IS 'How many targets sit on one now.';
COMMENT ON COLUMN licenses.versions IS 'The ranges of versions that it is for, with commas between; null means all.';
COMMENT ON COLUMN licenses.features IS 'What is sold besides, with commas between.';
COMMENT ON COLUMN licenses.issued_at IS 'When it was made.';
COMMENT ON COLUMN licenses.not_before IS 'From when on it holds; null means at once.';
COMMENT ON COLUMN licenses.expires_at IS 'From when on it no longer holds; null means never.';
COMMENT ON COLUMN licenses.pulls IS 'Pulls that it has granted.';
COMMENT ON COLUMN licenses.deployments IS 'Deployments that it has granted.';
COMMENT ON COLUMN licenses.refusals IS 'What was refused on its account.';
COMMENT ON COLUMN licenses.last_used_at IS 'When it last granted something.';

CREATE VIEW refusals AS
SELECT
    o.name AS organization, u.at, c.name AS customer, a.name AS application, l.name AS license,
    CASE u.kind WHEN 'pull_refused' THEN 'pull' ELSE 'deploy' END AS action,
    u.subject, u.reason, u.actor
FROM license_audit u
JOIN organization o ON o.id = u.organization
LEFT JOIN customer c ON c.id = u.customer
LEFT JOIN application a ON a.id = u.application
LEFT JOIN license l ON l.id = u.license
WHERE u.kind IN ('pull_refused', 'deploy_refused');
COMMENT ON VIEW refusals IS 'What was refused to customers and why. One row a refusal.';
COMMENT ON COLUMN refusals.organization IS 'The vendor.';
COMMENT ON COLUMN refusals.at IS 'When.';
COMMENT ON COLUMN refusals.customer IS 'Who was refused.';
COMMENT ON COLUMN refusals.application IS 'What of; null if it could not be told.';
COMMENT ON COLUMN refusals.license IS 'The license on whose account; null if there was none.';
COMMENT ON COLUMN refusals.action IS 'pull or deploy.';
COMMENT ON COLUMN refusals.subject IS 'What was asked for: repository:tag, repository@digest, application version.';
COMMENT ON COLUMN refusals.reason IS 'In words.';
COMMENT ON COLUMN refusals.actor IS 'Who asked: member:<id>, robot:<id>, agent:<id>.';

CREATE VIEW pulls_by_day AS
SELECT
    o.name AS organization, (u.at AT TIME ZONE 'UTC')::date AS day,
    split_part(split_part(u.subject, '@', 1), ':', 1) AS repository, c.name AS customer,
    count(*) FILTER (WHERE u.kind = 'pull_granted') AS pulls,
    count(*) FILTER (WHERE u.kind = 'pull_refused') AS refused
FROM license_audit u
JOIN organization o ON o.id = u.organization
LEFT JOIN customer c ON c.id = u.customer
WHERE u.kind IN ('pull_granted', 'pull_refused')
GROUP BY o.name, (u.at AT TIME ZONE 'UTC')::date, split_part(split_part(u.subject, '@', 1), ':', 1), c.name;
COMMENT ON VIEW pulls_by_day IS 'Pulls by customers and their agents, by day (UTC) and repository. The vendor''s own are not counted.';
COMMENT ON COLUMN pulls_by_day.organization IS 'The vendor.';
COMMENT ON COLUMN pulls_by_day.day IS 'The day, in UTC.';
COMMENT ON COLUMN pulls_by_day.repository IS 'Of the registry.';
COMMENT ON COLUMN pulls_by_day.customer IS 'Who pulled.';
COMMENT ON COLUMN pulls_by_day.pulls IS 'How many were granted.';
COMMENT ON COLUMN pulls_by_day.refused IS 'How many were refused.';

CREATE VIEW artifacts AS
SELECT
    o.name AS organization, t.repository, t.name AS tag, t.digest, m.media_type,
    m.size + coalesce((SELECT sum((blob ->> 'size')::bigint) FROM jsonb_array_elements(m.blobs) AS blob), 0)::bigint AS bytes,
    m.pushed_at, t.moved_at
FROM tag t
JOIN organization o ON o.id = t.organization
JOIN manifest m ON m.artifact = t.artifact AND m.digest = t.digest;
COMMENT ON VIEW artifacts IS 'What lies in the registry under which tag. One row a tag.';
COMMENT ON COLUMN artifacts.organization IS 'The vendor.';
COMMENT ON COLUMN artifacts.repository IS 'Its path within the organization.';
COMMENT ON COLUMN artifacts.tag IS 'The name that it is pulled by.';
COMMENT ON COLUMN artifacts.digest IS 'What exactly it is.';
COMMENT ON COLUMN artifacts.media_type IS 'Of the manifest.';
COMMENT ON COLUMN artifacts.bytes IS 'The manifest with all that it names; an index counts its own bytes only.';
COMMENT ON COLUMN artifacts.pushed_at IS 'When the manifest was first pushed.';
COMMENT ON COLUMN artifacts.moved_at IS 'When the tag came to stand here.';
