-- What must not be in the log: people, secrets (hashed or encrypted), and where the policies stand.
CREATE SCHEMA IF NOT EXISTS ops;

-- Erasable: a person is an id everywhere else.
CREATE TABLE ops.person (
    member        uuid PRIMARY KEY,
    organization  uuid NOT NULL,
    email         text NOT NULL, -- lower case
    name          text NOT NULL,
    password_hash text NOT NULL, -- argon2id, PHC string
    created_at    timestamptz NOT NULL,
    UNIQUE (organization, email)
);

-- Every secret that somebody shows to be let in. The secrets are random: a plain SHA-256 is enough.
CREATE TABLE ops.credential (
    hash         bytea PRIMARY KEY,
    kind         text NOT NULL, -- session, token, agent, enrolment
    id           uuid NOT NULL, -- of the session, token, credential or enrolment
    organization uuid NOT NULL,
    subject      uuid NOT NULL, -- the member or the target
    scopes       text[] NOT NULL DEFAULT '{}',
    expires_at   timestamptz,
    created_at   timestamptz NOT NULL
);
CREATE INDEX ON ops.credential (id);
CREATE INDEX ON ops.credential (subject);

-- Values that a deployment's configuration names as ${secret:NAME}; AES-256-GCM, bound to their place.
CREATE TABLE ops.secret (
    organization uuid NOT NULL,
    customer     uuid NOT NULL,
    name         text NOT NULL,
    nonce        bytea NOT NULL,
    ciphertext   bytea NOT NULL,
    changed_at   timestamptz NOT NULL,
    PRIMARY KEY (organization, customer, name)
);

-- Policies follow the log on their own: never rewound by a rebuild.
CREATE TABLE ops.policy (
    name        text PRIMARY KEY,
    position    bigint NOT NULL DEFAULT 0,
    owner       uuid,
    epoch       bigint NOT NULL DEFAULT 0,
    lease_until timestamptz
);
INSERT INTO ops.policy (name) VALUES ('observation'), ('seats');
