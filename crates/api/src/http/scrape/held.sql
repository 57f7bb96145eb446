-- Deployments that wait for the policy or the consent of their target's host, silent targets included.
SELECT count(*)
FROM deployment
JOIN target ON target.id = deployment.target
WHERE deployment.phase = 'held' AND target.retired_at IS NULL
