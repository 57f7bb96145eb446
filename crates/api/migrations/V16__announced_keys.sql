-- A key that takes the place of another is made first, then announced as a fact, and signs from then on.
DROP INDEX ops.proof_key_newest;
ALTER TABLE ops.proof_key ADD COLUMN begins_at timestamptz;
UPDATE ops.proof_key SET begins_at = made_at;
CREATE UNIQUE INDEX proof_key_newest ON ops.proof_key (organization) WHERE begins_at IS NOT NULL AND ends_at IS NULL;
CREATE UNIQUE INDEX proof_key_next ON ops.proof_key (organization) WHERE begins_at IS NULL;
