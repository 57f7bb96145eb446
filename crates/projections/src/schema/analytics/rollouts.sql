-- How releases come to targets. For people who know no events: names rather than ids, one kind of thing a row.

CREATE VIEW rollouts AS
SELECT
    o.name AS organization, a.name AS application, r.name AS rollout, r.version, r.kind, r.phase,
    (r.plan ->> 'members')::bigint AS planned_targets, jsonb_array_length(r.waves) AS waves,
    (SELECT count(*) FROM rollout_target t WHERE t.rollout = r.id) AS targets,
    (SELECT count(*) FROM rollout_target t WHERE t.rollout = r.id AND t.class = 'succeeded') AS succeeded,
    (SELECT count(*) FROM rollout_target t WHERE t.rollout = r.id AND t.class = 'failed') AS failed,
    (SELECT count(*) FROM rollout_target t WHERE t.rollout = r.id AND t.class = 'lost') AS lost,
    r.halted_by ->> 'by' AS halted_by, r.reason, r.planned_at, r.started_at, r.ended_at
FROM rollout r
JOIN organization o ON o.id = r.organization
JOIN application a ON a.id = r.application;
COMMENT ON VIEW rollouts IS 'The staged campaigns by which releases come to targets. One row a rollout.';
COMMENT ON COLUMN rollouts.organization IS 'The vendor.';
COMMENT ON COLUMN rollouts.application IS 'The application that is rolled out.';
COMMENT ON COLUMN rollouts.rollout IS 'The rollout''s name, unique within the application.';
COMMENT ON COLUMN rollouts.version IS 'Where it leads; of a rollback, what is left.';
COMMENT ON COLUMN rollouts.kind IS 'upgrade, security or rollback.';
COMMENT ON COLUMN rollouts.phase IS
    'planned, running, paused, halted, tailing (all waves have passed, and targets may still come back), completed, aborted or superseded.';
COMMENT ON COLUMN rollouts.planned_targets IS 'Targets in the plan.';
COMMENT ON COLUMN rollouts.waves IS 'Waves of its policy.';
COMMENT ON COLUMN rollouts.targets IS 'Targets that are members now, whatever became of them.';
COMMENT ON COLUMN rollouts.succeeded IS 'Targets that ran the release healthily.';
COMMENT ON COLUMN rollouts.failed IS 'Targets whose agent gave the release up, or on which it became unhealthy.';
COMMENT ON COLUMN rollouts.lost IS 'Targets of which no outcome came in time.';
COMMENT ON COLUMN rollouts.halted_by IS 'What halted it last: gate, person, release_revoked or release_demoted; null if nothing did.';
COMMENT ON COLUMN rollouts.reason IS 'What the last person said who paused, halted, resumed or ended it.';
COMMENT ON COLUMN rollouts.planned_at IS 'When its plan was made.';
COMMENT ON COLUMN rollouts.started_at IS 'When it started; null until then.';
COMMENT ON COLUMN rollouts.ended_at IS 'When it ended for ever; null until then.';

CREATE VIEW rollout_targets AS
SELECT
    o.name AS organization, a.name AS application, r.name AS rollout, r.version, c.name AS customer, t.name AS target,
    m.wave,
    CASE
        WHEN m.class IS NOT NULL THEN m.class
        WHEN r.phase = 'aborted' THEN 'cancelled'
        WHEN r.phase = 'superseded' THEN 'superseded'
        WHEN m.in_flight_since IS NOT NULL THEN 'in_flight'
        ELSE 'waiting'
    END AS state,
    m.reason, m.hop, m.attempt, m.in_flight_since, m.settled_at
FROM rollout_target m
JOIN rollout r ON r.id = m.rollout
JOIN organization o ON o.id = r.organization
JOIN application a ON a.id = r.application
JOIN customer c ON c.id = m.customer
JOIN target t ON t.id = m.target;
COMMENT ON VIEW rollout_targets IS 'Each target in each rollout. One row a target and rollout.';
COMMENT ON COLUMN rollout_targets.organization IS 'The vendor.';
COMMENT ON COLUMN rollout_targets.application IS 'The application that is rolled out.';
COMMENT ON COLUMN rollout_targets.rollout IS 'The rollout''s name.';
COMMENT ON COLUMN rollout_targets.version IS 'Where the rollout leads.';
COMMENT ON COLUMN rollout_targets.customer IS 'Whose target it is.';
COMMENT ON COLUMN rollout_targets.target IS 'The target''s name.';
COMMENT ON COLUMN rollout_targets.wave IS 'The wave that it is in, from 1.';
COMMENT ON COLUMN rollout_targets.state IS
    'waiting, in_flight, succeeded, failed, lost, rolled_back, skipped, superseded, cancelled or unreached.';
COMMENT ON COLUMN rollout_targets.reason IS 'Why it is so, for those that are settled in another way than by success.';
COMMENT ON COLUMN rollout_targets.hop IS 'The version that it was released for last: the rollout''s, or a required one on the way.';
COMMENT ON COLUMN rollout_targets.attempt IS 'Which try of that version it was, from 1.';
COMMENT ON COLUMN rollout_targets.in_flight_since IS 'When it was released; null if it waits or is settled.';
COMMENT ON COLUMN rollout_targets.settled_at IS 'When it was settled; null until then.';
