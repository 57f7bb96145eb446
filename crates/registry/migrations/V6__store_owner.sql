-- Who this database is to its blob store, which notes the same: neither is ever served, or collected, with another.
CREATE TABLE registry.store_owner (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    id       uuid NOT NULL
);
INSERT INTO registry.store_owner (id) VALUES (gen_random_uuid());
