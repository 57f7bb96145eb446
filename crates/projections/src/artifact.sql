-- Manifests and tags of the repositories.
CREATE TABLE manifest (
    id            uuid PRIMARY KEY, -- of the repository and the digest
    organization  uuid NOT NULL,
    artifact      uuid NOT NULL,    -- the repository
    repository    text NOT NULL,
    digest        text NOT NULL,
    media_type    text NOT NULL,
    size          bigint NOT NULL,
    blobs         jsonb NOT NULL,
    children      jsonb NOT NULL,
    subject       text,
    artifact_type text,
    pushed_at     timestamptz NOT NULL,
    position      bigint NOT NULL
);
CREATE INDEX ON manifest (organization, repository, digest);
CREATE INDEX ON manifest (digest);
CREATE INDEX ON manifest (organization, repository, subject, digest) WHERE subject IS NOT NULL;

-- Which of the manifests that refer to another one are looked at first: 1 if a layer may bear a signature, by its type and as no
-- signature is larger; 2 for all else, however many there are.
CREATE FUNCTION attachment_rank(blobs jsonb) RETURNS integer LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN blobs @? '$[*] ? (@.size <= 65536 && (
        @.media_type == "application/vnd.dev.cosign.simplesigning.v1+json"
        || @.media_type == "application/vnd.dsse.envelope.v1+json"
        || @.media_type starts with "application/vnd.dev.sigstore.bundle"
    ))' THEN 1 ELSE 2 END
$$;
CREATE INDEX ON manifest (organization, repository, subject, attachment_rank(blobs), position) WHERE subject IS NOT NULL;
-- Whether anybody at all names a blob. (Here and below: what waits to be put into an index would be read with each question.)
CREATE INDEX ON manifest USING gin (blobs jsonb_path_ops) WITH (fastupdate = off);

-- A digest in a repository, and all of those in a list. One key, so that an index finds the few manifests that name a digest
-- here, however many there are in this repository, or in others with the same digest.
CREATE FUNCTION manifest_key(organization uuid, repository text, digest text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT organization::text || '/' || repository || '@' || digest
$$;
CREATE FUNCTION manifest_keys(organization uuid, repository text, listed jsonb) RETURNS text[] LANGUAGE sql IMMUTABLE AS $$
    SELECT array_agg(organization::text || '/' || repository || '@' || (named ->> 'digest'))
    FROM jsonb_array_elements(listed) AS named
$$;
CREATE INDEX ON manifest USING gin (manifest_keys(organization, repository, blobs)) WITH (fastupdate = off);
CREATE INDEX ON manifest USING gin (manifest_keys(organization, repository, children)) WITH (fastupdate = off);

-- Whether a name is of a pattern, as `Pattern` has it: * is any run of characters. (A pattern has no % and no backslash.)
CREATE FUNCTION matches_pattern(name text, pattern text) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
    SELECT $1 LIKE replace(replace($2, '_', '\_'), '*', '%')
$$;

-- What lists a manifest: whoever may have that may have the manifest.
CREATE FUNCTION manifests_above(organization uuid, repository text, digest text)
RETURNS TABLE (digest text, subject text) LANGUAGE sql STABLE AS $$
    SELECT m.digest, m.subject
    FROM manifest m
    WHERE manifest_keys(m.organization, m.repository, m.children) @> ARRAY[manifest_key($1, $2, $3)]
$$;

-- A manifest, and what lists it at any depth.
CREATE FUNCTION manifests_containing(organization uuid, repository text, digest text)
RETURNS TABLE (digest text) LANGUAGE sql STABLE AS $$
    WITH RECURSIVE containing AS (
        SELECT $3 AS digest
        UNION
        SELECT up.digest
        FROM containing down
        CROSS JOIN LATERAL manifests_above($1, $2, down.digest) AS up
    )
    SELECT c.digest FROM containing c
$$;

CREATE TABLE tag (
    id           uuid PRIMARY KEY, -- of the repository and the name
    organization uuid NOT NULL,
    artifact     uuid NOT NULL,
    repository   text NOT NULL,
    name         text COLLATE "C" NOT NULL,
    digest       text NOT NULL,
    moved_at     timestamptz NOT NULL,
    position     bigint NOT NULL
);
CREATE INDEX ON tag (organization, repository, name);
CREATE INDEX ON tag (organization, repository, lower(name), name);
CREATE INDEX ON tag (organization, repository, digest);
