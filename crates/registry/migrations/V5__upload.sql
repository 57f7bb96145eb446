-- Uploads under way: how many an organization and a caller have, and what they are going to hold of the quotas. Written with each
-- upload and worth nothing after it, so not logged: what a crash of Postgres takes away is put in again when its upload goes on.
CREATE UNLOGGED TABLE registry.upload (
    id           uuid PRIMARY KEY,
    organization uuid NOT NULL,
    repository   text NOT NULL,
    credential   uuid,
    at           timestamptz NOT NULL, -- of the latest request
    reserved     bigint NOT NULL       -- bytes that it may become, as far as it was asked
);
CREATE INDEX ON registry.upload (organization);
CREATE INDEX ON registry.upload (at);
