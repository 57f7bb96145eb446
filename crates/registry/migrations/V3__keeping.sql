-- finds the repositories that hold a blob, and the links that nobody renewed
CREATE INDEX ON registry.blob_link (digest, at);
CREATE INDEX ON registry.blob_link (at);

-- The jobs of the registry: when each last began and ended, and what it said.
CREATE TABLE registry.job (
    name     text PRIMARY KEY,
    began_at timestamptz NOT NULL,
    ended_at timestamptz,
    report   jsonb
);
