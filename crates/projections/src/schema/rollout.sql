-- how rollouts go, by name
CREATE TABLE rollout_policy (
    id           uuid PRIMARY KEY,
    organization uuid NOT NULL,
    name         text NOT NULL,
    policy       jsonb NOT NULL,
    changed_at   timestamptz NOT NULL,
    created_at   timestamptz NOT NULL,
    position     bigint NOT NULL
);
CREATE INDEX ON rollout_policy (organization, name);

-- a release, taken to many targets in waves
CREATE TABLE rollout (
    id           uuid PRIMARY KEY,
    organization uuid NOT NULL,
    application  uuid NOT NULL,
    name         text NOT NULL,
    version      text NOT NULL,
    kind         text NOT NULL,
    plan         jsonb NOT NULL,   -- with a copy of the policy
    limits       jsonb NOT NULL,   -- as they were adjusted last
    phase        text NOT NULL,
    waves        jsonb NOT NULL,
    approvals    jsonb NOT NULL,
    halted_by    jsonb,            -- why it was halted last
    reason       text,             -- of the last person who paused, halted, resumed or ended it
    planned_by   text NOT NULL,
    planned_at   timestamptz NOT NULL,
    started_at   timestamptz,
    tail_from    timestamptz,      -- when the last wave had passed
    ended_at     timestamptz,
    changed_at   timestamptz NOT NULL,
    created_at   timestamptz NOT NULL,
    position     bigint NOT NULL
);
CREATE INDEX ON rollout (organization, application, name);
CREATE INDEX ON rollout (organization, created_at, id);
-- what the hub has to move
CREATE INDEX ON rollout (ended_at);

-- each target in each rollout. When a rollout ends, whoever has no class yet gets it by the rollout's end.
CREATE TABLE rollout_target (
    id              uuid PRIMARY KEY, -- of the rollout and the target
    organization    uuid NOT NULL,
    customer        uuid NOT NULL,
    rollout         uuid NOT NULL,
    target          uuid NOT NULL,
    wave            bigint NOT NULL,  -- from 1
    class           text,             -- what became of it
    reason          text,             -- of the class
    in_flight_since timestamptz,      -- none if it waits or is settled
    hop             text,             -- the version that it was released for last
    attempt         bigint,           -- which try of the hop that is
    settled_at      timestamptz,
    position        bigint NOT NULL
);
CREATE INDEX ON rollout_target (rollout, wave, id);
CREATE INDEX ON rollout_target (target);
CREATE INDEX ON rollout_target (customer, rollout);
