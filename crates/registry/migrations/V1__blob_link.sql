-- Blobs that were uploaded to a repository, or mounted into it: what it holds before a manifest names them.
CREATE TABLE registry.blob_link (
    organization uuid NOT NULL,
    repository   text NOT NULL,
    digest       text NOT NULL,
    at           timestamptz NOT NULL, -- of the latest upload or mount
    PRIMARY KEY (organization, repository, digest)
);
