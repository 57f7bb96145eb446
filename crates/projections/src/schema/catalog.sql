CREATE TABLE application (
    id           uuid PRIMARY KEY,
    organization uuid NOT NULL,
    name         text NOT NULL,
    display_name text NOT NULL,
    description  text NOT NULL,
    signing_keys jsonb NOT NULL,
    signed_parts text NOT NULL,              -- images, release, images_and_release
    signing_changes jsonb NOT NULL,          -- of the policy, the newest first
    feature_tags jsonb NOT NULL,
    metadata     jsonb NOT NULL,             -- what a catalogue says
    icon         jsonb,                      -- what is known of it; the bytes are in `picture`
    created_at   timestamptz NOT NULL,
    position     bigint NOT NULL,
    UNIQUE (organization, name)
);

CREATE TABLE release (
    id            uuid PRIMARY KEY,
    organization  uuid NOT NULL,
    application   uuid NOT NULL,
    version       text NOT NULL,
    sort_key      text COLLATE "C" NOT NULL, -- semantic order as byte order
    status        text NOT NULL,             -- draft, published, deprecated, revoked
    packages      jsonb NOT NULL,            -- what each runtime installs
    images        jsonb NOT NULL,            -- what the packages run of the registry
    notes         text NOT NULL,
    trust         jsonb,                     -- keys and signatures, if its application trusted some keys only
    signatures    jsonb NOT NULL,            -- of the release as a whole
    published_at  timestamptz,
    deprecated_on date,
    reason        text,                      -- of deprecation or revocation
    rules         jsonb NOT NULL,            -- of upgrades over it and to it
    created_at    timestamptz NOT NULL,
    position      bigint NOT NULL
);
CREATE INDEX ON release (organization, application, sort_key DESC);
CREATE INDEX ON release (application, version);
-- finds the releases that name a repository
CREATE INDEX ON release USING gin (images jsonb_path_ops) WITH (fastupdate = off);

-- Each image of the list by its repository and digest, as `manifest_key` makes it.
CREATE FUNCTION image_keys(organization uuid, images jsonb) RETURNS text[] LANGUAGE sql IMMUTABLE AS $$
    SELECT array_agg(organization::text || '/' || (image ->> 'repository') || '@' || (image ->> 'digest'))
    FROM jsonb_array_elements(images) AS image
$$;
CREATE INDEX ON release USING gin (image_keys(organization, images)) WITH (fastupdate = off);

CREATE TABLE channel (
    id           uuid PRIMARY KEY,
    organization uuid NOT NULL,
    application  uuid NOT NULL,
    name         text NOT NULL,
    current      text,
    versions     jsonb NOT NULL, -- promoted and not demoted
    created_at   timestamptz NOT NULL,
    position     bigint NOT NULL
);
CREATE INDEX ON channel (organization, application, name);
