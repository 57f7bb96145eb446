-- Who pulled what from the registry, or pushed, mounted or deleted it, or was refused; but for granted pulls of blobs, which
-- belong to the pull of a manifest.
CREATE TABLE access (
    id           uuid PRIMARY KEY,
    organization uuid NOT NULL, -- whose record it is: a stranger's refusal is its own organization's
    artifact     uuid NOT NULL, -- the repository
    position     bigint NOT NULL,
    at           timestamptz NOT NULL,
    action       text NOT NULL,
    actor        text NOT NULL,
    customer     uuid,
    subject      text NOT NULL, -- acme/hello:1.0.0, acme/hello@sha256:…
    tag          text,          -- that was asked for
    digest       text,          -- that was asked for, or that the tag pointed to
    outcome      jsonb NOT NULL,
    address      text,
    user_agent   text
);
CREATE INDEX ON access (artifact, position, id);
CREATE INDEX ON access (artifact, digest, position, id) WHERE digest IS NOT NULL;
CREATE INDEX ON access (artifact, tag, position, id) WHERE tag IS NOT NULL;
