UPDATE registry.job SET ended_at = $2, report = $3 WHERE name = $1
