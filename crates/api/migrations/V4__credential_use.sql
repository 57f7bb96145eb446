-- When a credential let somebody in last: to the minute, and from which network.
ALTER TABLE ops.credential
    ADD COLUMN last_used_at   timestamptz,
    ADD COLUMN last_used_from text;
