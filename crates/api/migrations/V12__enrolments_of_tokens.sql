-- The token that an enrolment was offered with, which ends with it; null if a person offered it in a session.
ALTER TABLE ops.credential ADD COLUMN made_with uuid;
