CREATE TABLE target (
    id                   uuid PRIMARY KEY,
    organization         uuid NOT NULL,
    customer             uuid NOT NULL,
    name                 text NOT NULL,
    runtime              text NOT NULL,
    namespaces           jsonb NOT NULL, -- of a cluster, the first for whoever names none
    enrolment_expires_at timestamptz, -- of an offer that was not used yet
    enrolled_at          timestamptz,
    credential           uuid,
    credential_before    uuid,        -- lets in too, until the other was used
    retired_at           timestamptz,
    labels               jsonb NOT NULL, -- the vendor's
    customer_labels      jsonb NOT NULL,
    created_at           timestamptz NOT NULL,
    position             bigint NOT NULL
);
CREATE INDEX ON target (organization, customer, name);
-- the fleet of a vendor, in order
CREATE INDEX ON target (organization, name, id) WHERE retired_at IS NULL;

CREATE TABLE deployment (
    id                 uuid PRIMARY KEY,
    organization       uuid NOT NULL,
    customer           uuid NOT NULL,
    target             uuid NOT NULL,
    application        uuid NOT NULL,
    generation         bigint NOT NULL,
    desired            jsonb NOT NULL,
    removal            text,             -- keep or remove, when its removal was asked for
    phase              text NOT NULL,
    phase_since        timestamptz NOT NULL,
    step               text,
    running_version    text,
    running_generation bigint,
    drift              text,
    error_category     text,
    error              text,
    flapping           boolean NOT NULL, -- not every change is told
    changed_at         timestamptz NOT NULL,
    created_at         timestamptz NOT NULL,
    position           bigint NOT NULL
);
CREATE INDEX ON deployment (organization, customer);
CREATE INDEX ON deployment (target);
-- figures
CREATE INDEX ON deployment (application);

-- the newest report of each target
CREATE TABLE heartbeat (
    id              uuid PRIMARY KEY, -- of the target
    organization    uuid NOT NULL,
    heard_at        timestamptz, -- when the hub last heard how things are now, not how they were; the hub's clock
    received_at     timestamptz NOT NULL, -- of the newest report; the hub's clock
    agent_at        timestamptz NOT NULL, -- of the newest report; the agent's clock
    clock_offset_ms bigint, -- how far the agent's clock was ahead of the hub's
    tally           jsonb NOT NULL, -- which reports were counted
    reports         bigint NOT NULL, -- how many
    missing         bigint NOT NULL, -- how many the agent had to let go
    agent_version   text NOT NULL,
    facts           jsonb, -- of the place that the agent works in
    deployments     jsonb NOT NULL,
    error           jsonb, -- of the agent itself
    position        bigint NOT NULL
) WITH (fillfactor = 70);

-- each wish for a version on a target, or for its removal, and what became of it
CREATE TABLE generation (
    id             uuid PRIMARY KEY, -- of the deployment and the generation
    organization   uuid NOT NULL,
    deployment     uuid NOT NULL,
    generation     bigint NOT NULL,
    customer       uuid NOT NULL,
    target         uuid NOT NULL,
    application    uuid NOT NULL,
    license        uuid NOT NULL,
    version        text,             -- none for a removal
    requested_at   timestamptz NOT NULL,
    requested_by   text NOT NULL,
    done_at        timestamptz,      -- when it was first healthy, or gone
    failed_at      timestamptz,      -- when it was given up
    error_category text,
    error          text,
    rollout        uuid,             -- that asked for it
    attempt        bigint,           -- which of the rollout's tries it was
    position       bigint NOT NULL
);
CREATE INDEX ON generation (deployment, generation);
-- figures
CREATE INDEX ON generation (application);

-- how many reports a target made in an hour of its own clock
CREATE TABLE heartbeat_hour (
    id           uuid PRIMARY KEY,
    organization uuid NOT NULL,
    target       uuid NOT NULL,
    hour         timestamptz NOT NULL,
    reports      bigint NOT NULL,
    missing      bigint NOT NULL, -- let go by the agent before one of these
    first_at     timestamptz NOT NULL, -- the agent's clock
    last_at      timestamptz NOT NULL,
    tally        jsonb NOT NULL,
    position     bigint NOT NULL
) WITH (fillfactor = 70);
CREATE INDEX ON heartbeat_hour (target, hour);

-- what needs a person, and can wait
CREATE TABLE alert_put_off (
    id           uuid PRIMARY KEY,
    organization uuid NOT NULL,
    alert        text NOT NULL, -- what it is about, and which time that it is so
    until        timestamptz NOT NULL,
    reason       text NOT NULL,
    put_off_by   text NOT NULL,
    put_off_at   timestamptz NOT NULL,
    position     bigint NOT NULL
);
CREATE INDEX ON alert_put_off (organization, alert);
