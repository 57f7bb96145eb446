-- Which master key the secrets are sealed with; the hub that starts first says it. Tells nothing of the key.
CREATE TABLE ops.master_key (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    id       text NOT NULL
);
