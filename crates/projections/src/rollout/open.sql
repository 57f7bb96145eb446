-- one that was aborted or superseded is looked at for another week: what it asked for and nobody began goes back
SELECT jsonb_build_object('id', id, 'organization', organization, 'application', application)
FROM rollout
WHERE ended_at IS NULL
   OR (phase IN ('aborted', 'superseded') AND ended_at > now() - interval '7 days')
ORDER BY application, created_at, id
