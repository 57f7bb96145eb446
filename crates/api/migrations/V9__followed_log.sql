-- Which log this database follows, by the id of its first entry: read models and policies of one log make no sense with another.
CREATE TABLE ops.followed_log (
    only_row    boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    first_entry uuid NOT NULL
);
