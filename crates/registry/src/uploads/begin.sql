-- Notes an upload, unless its organization ($6) or its caller ($7) has too many that somebody began or went on with since $8:
-- those that a client gave up keep nobody out for long. Answers with whether the one has, and the other.
WITH counted AS (
    SELECT count(*) >= $6 AS of_organization, count(*) FILTER (WHERE credential = $4) >= $7 AS of_caller
    FROM registry.upload
    WHERE organization = $2 AND at > $8
), noted AS (
    INSERT INTO registry.upload (id, organization, repository, credential, at, reserved)
    SELECT $1, $2, $3, $4, $5, 0 FROM counted WHERE NOT of_organization AND NOT of_caller
)
SELECT of_organization, of_caller FROM counted
