-- What a vendor has set for a repository; one without a row is as a new one is.
CREATE TABLE repository (
    id           uuid PRIMARY KEY,
    organization uuid NOT NULL,
    repository   text NOT NULL,
    immutable    jsonb, -- the exceptions, if tags are immutable
    retention    jsonb,
    visibility   text NOT NULL,
    quota        bigint, -- bytes
    position     bigint NOT NULL
);
CREATE INDEX ON repository (organization, repository);
