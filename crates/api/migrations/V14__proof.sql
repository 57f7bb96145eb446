-- Of each organization a Merkle tree over what is evidence: its facts, and each use or refusal of a right. Telemetry may be dropped
-- from the log, and its leaves stay: this is no read model.
CREATE TABLE ops.tree (
    organization uuid PRIMARY KEY,
    -- leaves
    size         bigint NOT NULL DEFAULT 0 CHECK (size >= 0)
);

CREATE TABLE ops.tree_tile (
    organization uuid NOT NULL REFERENCES ops.tree,
    -- 0 has the leaves
    level        smallint NOT NULL,
    number       bigint NOT NULL,
    -- up to 256 of 32 bytes each
    hashes       bytea NOT NULL,
    -- of level 0: where each leaf's entry stands in the log
    positions    bigint[],
    PRIMARY KEY (organization, level, number)
);
-- hashes cannot be made shorter
ALTER TABLE ops.tree_tile ALTER hashes SET STORAGE EXTERNAL;
CREATE INDEX tree_tile_first_position ON ops.tree_tile (organization, (positions[1])) WHERE level = 0;

-- What was signed, for ever.
CREATE TABLE ops.signed_root (
    organization uuid NOT NULL,
    size         bigint NOT NULL,
    checkpoint   text NOT NULL,
    signed_at    timestamptz NOT NULL,
    PRIMARY KEY (organization, size)
);

-- What organizations sign with, sealed with the master key.
CREATE TABLE ops.proof_key (
    organization uuid NOT NULL,
    public       bytea NOT NULL,
    nonce        bytea NOT NULL,
    ciphertext   bytea NOT NULL,
    made_at      timestamptz NOT NULL,
    -- it signs until then; null for the newest
    ends_at      timestamptz,
    PRIMARY KEY (organization, public)
);
CREATE UNIQUE INDEX proof_key_newest ON ops.proof_key (organization) WHERE ends_at IS NULL;

INSERT INTO ops.policy (name) VALUES ('proof');
