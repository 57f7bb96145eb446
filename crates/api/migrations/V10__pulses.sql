-- What was said last by deployment, and how often that changed. Hubs of the last version keep their note in "said", which is
-- empty where one of this version was the last to write: to the other kind everything is news then, of which the rules make
-- nothing that is not so.
ALTER TABLE ops.observed
    ADD COLUMN pulses jsonb NOT NULL DEFAULT '{}',
    ALTER COLUMN said SET DEFAULT '{}';
