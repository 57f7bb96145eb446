-- an index finds the application's releases; few of them say anything of upgrades
SELECT jsonb_build_object('version', version, 'rules', rules)
FROM release
WHERE organization = $1 AND application = $2 AND status <> 'draft' AND rules <> '{}'::jsonb
