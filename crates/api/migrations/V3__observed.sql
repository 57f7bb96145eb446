-- What the policy `observation` made of a target's reports; beside its checkpoint, and no more rewound than that.
CREATE TABLE ops.observed (
    target uuid PRIMARY KEY,
    tally  jsonb NOT NULL, -- which reports it has seen, at least up to the last that said something new
    said   jsonb NOT NULL  -- what that one said, as a fingerprint by deployment
);
