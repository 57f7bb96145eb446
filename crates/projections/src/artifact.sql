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
-- finds the manifests that name a blob, and the indexes that list a manifest
CREATE INDEX ON manifest USING gin (blobs jsonb_path_ops);
CREATE INDEX ON manifest USING gin (children jsonb_path_ops);
CREATE INDEX ON manifest (organization, repository, subject, digest) WHERE subject IS NOT NULL;

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
