-- The member who handed out an enrolment, an invitation or a code for a new password, which is void once that member may hand it
-- out no more; null if an operator did, or an earlier version.
ALTER TABLE ops.credential ADD COLUMN made_by uuid;
