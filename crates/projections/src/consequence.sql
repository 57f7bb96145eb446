CREATE TABLE consequence (
    id           uuid PRIMARY KEY, -- of a fact
    organization uuid NOT NULL,
    cause        uuid NOT NULL,    -- the event that led to it
    position     bigint NOT NULL
);
CREATE INDEX ON consequence (cause, position);
