-- The repositories that releases of these applications name.
SELECT DISTINCT jsonb_build_object('key', repository, 'asked', asked)
FROM entitled_image
WHERE organization = $1 AND application = ANY ($2::uuid[])
