-- Hosts at which the customers of one organization find their portal. The operator says which.
CREATE TABLE ops.portal_host (
    host         text PRIMARY KEY, -- in lower case, without a port
    organization text NOT NULL,    -- its name
    added_at     timestamptz NOT NULL DEFAULT clock_timestamp()
);
