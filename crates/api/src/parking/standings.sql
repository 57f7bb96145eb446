SELECT 'projection', group_name, position, error FROM checkpoint
UNION ALL
SELECT 'policy', name, position, error FROM policy
ORDER BY 1 DESC, 2
