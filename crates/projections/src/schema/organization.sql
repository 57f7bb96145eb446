CREATE TABLE organization (
    id           uuid PRIMARY KEY,
    name         text NOT NULL UNIQUE,
    display_name text NOT NULL,
    branding     jsonb NOT NULL,  -- colours, link, words
    branding_images jsonb NOT NULL, -- what is known of each; the bytes are in `picture`
    created_at   timestamptz NOT NULL,
    position     bigint NOT NULL
);

-- logos and icons, one for each place that shows one
CREATE TABLE picture (
    id           uuid PRIMARY KEY,
    organization uuid NOT NULL,
    digest       text NOT NULL,
    media_type   text NOT NULL,
    data         text NOT NULL,   -- base64
    position     bigint NOT NULL
);
CREATE INDEX ON picture (digest);

CREATE TABLE member (
    id           uuid PRIMARY KEY,
    organization uuid NOT NULL,
    kind         text NOT NULL,
    membership   jsonb NOT NULL,
    customer     uuid,
    active       boolean NOT NULL,
    sign_in      text NOT NULL,
    code_until   timestamptz,
    created_at   timestamptz NOT NULL,
    position     bigint NOT NULL
);
CREATE INDEX ON member (organization, id);

CREATE TABLE token (
    id           uuid PRIMARY KEY,
    organization uuid NOT NULL,
    member       uuid NOT NULL,
    label        text NOT NULL,
    scopes       jsonb NOT NULL,
    repositories jsonb NOT NULL, -- patterns; none: all
    ancestors    jsonb NOT NULL,  -- the token that it was made with, and those above; it ends with the first of them
    expires_at   timestamptz,
    revoked_at   timestamptz,
    created_at   timestamptz NOT NULL,
    position     bigint NOT NULL
);
CREATE INDEX ON token (organization, member);

CREATE TABLE customer (
    id           uuid PRIMARY KEY,
    organization uuid NOT NULL,
    name         text NOT NULL,
    display_name text NOT NULL,
    created_at   timestamptz NOT NULL,
    position     bigint NOT NULL,
    UNIQUE (organization, name)
);
