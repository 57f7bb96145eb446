-- Entries of the log that a follower passes by. Beside the read models: no rebuild forgets them.
CREATE TABLE ops.parked (
    follower    text NOT NULL, -- a group of projections, or a policy
    position    bigint NOT NULL,
    reason      text NOT NULL,
    by_operator boolean NOT NULL DEFAULT false,
    retry       boolean NOT NULL DEFAULT false, -- the policy is to take it again
    parked_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (follower, position)
);
