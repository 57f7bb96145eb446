-- Whether the customer ever held a license for an application that a release of which names the repository, or whose features
-- open tags of it.
SELECT to_jsonb(EXISTS (
    SELECT
    FROM license l
    JOIN release r ON r.organization = l.organization AND r.application = l.application
    WHERE l.organization = $1
      AND l.customer = $2
      AND r.status <> 'draft'
      AND r.images @> jsonb_build_array(jsonb_build_object('repository', $3::text))
) OR EXISTS (
    SELECT
    FROM license l
    JOIN application a ON a.organization = l.organization AND a.id = l.application
    WHERE l.organization = $1
      AND l.customer = $2
      AND a.feature_tags @> jsonb_build_array(jsonb_build_object('repository', $3::text))))
