-- What an operator sees of a policy that does not go on; gone as soon as a hub moves it again.
ALTER TABLE ops.policy ADD COLUMN error text;
