-- A log that goes on from a copy of another is another log from there on: one row for each name that it ever had, the last one its
-- own. `since` is the position behind which entries are those of that name alone.
ALTER TABLE eventlog.identity DROP COLUMN only_row;
ALTER TABLE eventlog.identity ADD COLUMN number integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY;
ALTER TABLE eventlog.identity ADD COLUMN since bigint NOT NULL DEFAULT 0;
