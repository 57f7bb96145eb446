-- What uploads under way are going to hold, of the organization and of one of its repositories.
SELECT coalesce(sum(reserved), 0)::bigint, coalesce(sum(reserved) FILTER (WHERE repository = $2), 0)::bigint
FROM registry.upload
WHERE organization = $1
