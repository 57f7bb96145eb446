-- an index finds the releases of each application; few of them say anything of upgrades
SELECT jsonb_build_object('application', application, 'version', version, 'rules', rules)
FROM release
WHERE organization = $1 AND application = ANY ($2) AND status <> 'draft' AND rules <> '{}'::jsonb
