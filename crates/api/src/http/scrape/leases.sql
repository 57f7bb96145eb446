SELECT
    'projection',
    group_name,
    coalesce(owner = $1 AND lease_until > clock_timestamp(), false),
    (SELECT count(*) FROM parked WHERE follower = group_name)
FROM checkpoint
UNION ALL
SELECT
    'policy',
    name,
    coalesce(owner = $1 AND lease_until > clock_timestamp(), false),
    (SELECT count(*) FROM parked WHERE follower = name)
FROM policy
