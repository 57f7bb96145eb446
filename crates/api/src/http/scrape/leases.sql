SELECT 'projection', group_name, coalesce(owner = $1 AND lease_until > clock_timestamp(), false) FROM checkpoint
UNION ALL
SELECT 'policy', name, coalesce(owner = $1 AND lease_until > clock_timestamp(), false) FROM policy
