-- All that each of these customers ever held.
SELECT wanted.number::int,
       (SELECT json_agg(json_build_object('id', l.id, 'name', l.name, 'application', l.application, 'terms', l.terms,
                                          'standing', l.standing) ORDER BY l.name)::text
        FROM license l
        WHERE l.organization = wanted.organization AND l.customer = wanted.customer) AS held
FROM unnest($1::uuid[], $2::uuid[]) WITH ORDINALITY AS wanted (organization, customer, number)
