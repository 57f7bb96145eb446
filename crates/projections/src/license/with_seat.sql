SELECT to_jsonb(t)
FROM license t
WHERE organization = $1 AND seats_taken @> jsonb_build_array($2::uuid)
