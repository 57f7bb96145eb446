-- How far each group of projections is, and which runner may move it.
CREATE TABLE checkpoint (
    group_name  text PRIMARY KEY,
    position    bigint NOT NULL DEFAULT 0,
    owner       uuid,
    epoch       bigint NOT NULL DEFAULT 0,
    lease_until timestamptz,
    error       text
);
INSERT INTO checkpoint (group_name) VALUES ('core'), ('fleet'), ('audit');
