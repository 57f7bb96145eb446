-- it looks at all open rollouts when it begins, and needs nothing of what came before
INSERT INTO ops.policy (name, position) SELECT 'rollouts', coalesce(min(position), 0) FROM ops.policy;
