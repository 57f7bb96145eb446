-- What clients keep in place of a password; the token itself is random, and stored as its SHA-256.
CREATE TABLE registry.refresh_token (
    hash       bytea PRIMARY KEY,
    caller     jsonb NOT NULL, -- as it was then; asked for anew at each use
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL
);
CREATE INDEX ON registry.refresh_token (expires_at);
