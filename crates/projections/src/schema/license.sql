CREATE TABLE license (
    id           uuid PRIMARY KEY,
    organization uuid NOT NULL,
    customer     uuid NOT NULL,
    application  uuid NOT NULL,
    name         text NOT NULL,
    terms        jsonb NOT NULL,
    standing     jsonb NOT NULL,
    seats_taken  integer NOT NULL,
    created_at   timestamptz NOT NULL,
    position     bigint NOT NULL
);
CREATE INDEX ON license (organization, customer, name);

CREATE TABLE seat (
    id           uuid PRIMARY KEY,
    organization uuid NOT NULL,
    license      uuid NOT NULL,
    target       uuid NOT NULL,
    position     bigint NOT NULL -- of its taking
);
CREATE INDEX ON seat (license, position);
CREATE INDEX ON seat (target);

-- each grant, change, use and refusal, in order
CREATE TABLE license_audit (
    id           uuid PRIMARY KEY,
    organization uuid NOT NULL,
    position     bigint NOT NULL,
    at           timestamptz NOT NULL,
    actor        text NOT NULL,
    kind         text NOT NULL,
    customer     uuid,
    application  uuid,
    license      uuid,
    subject      text,
    reason       text,
    withheld     boolean NOT NULL, -- the customer was told that it is not there
    detail       jsonb NOT NULL
);
CREATE INDEX ON license_audit (organization, position);
CREATE INDEX ON license_audit (license, position);
CREATE INDEX ON license_audit (customer, position);
-- how licenses are used by day
CREATE INDEX ON license_audit (organization, at);
