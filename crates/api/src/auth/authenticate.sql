-- What a secret opens, if it opens anything now. Columns of the other side are null.
SELECT c.hash, c.kind, c.id, c.organization, c.subject, c.scopes,
       m.membership, m.kind AS member_kind,
       k.repositories, k.expires_at,
       -- what whoever made it may do now, by its token and those above
       (SELECT jsonb_agg(o.membership)
        FROM jsonb_array_elements_text(k.ancestors) AS above
        JOIN token a ON a.id = above::uuid
        JOIN member o ON o.id = a.member) AS above,
       jsonb_array_length(k.ancestors) AS depth,
       -- the nearest comes first
       coalesce((k.ancestors ->> -1)::uuid, k.id) AS root,
       t.customer, c.created_at,
       -- `view <customer> <until>`: see `ops::credential::view_as`
       (SELECT split_part(scope, ' ', 2)::uuid FROM unnest(c.scopes) AS scope
        WHERE c.kind = 'session' AND scope LIKE 'view %' AND split_part(scope, ' ', 3)::timestamptz > $2) AS viewed,
       (SELECT split_part(scope, ' ', 3)::timestamptz FROM unnest(c.scopes) AS scope
        WHERE c.kind = 'session' AND scope LIKE 'view %') AS viewed_until,
       -- `late <instant>`: see `operations::pull_credential`
       EXISTS (SELECT FROM unnest(c.scopes) AS scope
               WHERE c.kind = 'pull' AND scope LIKE 'late %' AND split_part(scope, ' ', 2)::timestamptz <= $2) AS late,
       coalesce(t.credential = c.id AND t.credential_before IS NOT NULL, false) AS unconfirmed
FROM credential c
LEFT JOIN member m ON m.id = c.subject AND m.organization = c.organization AND m.active
LEFT JOIN token k ON k.id = c.id AND c.kind = 'token'
LEFT JOIN target t ON t.id = c.subject AND t.organization = c.organization AND t.retired_at IS NULL
WHERE c.hash = $1
  AND (c.expires_at IS NULL OR c.expires_at > $2)
  AND CASE c.kind
          WHEN 'session' THEN m.sign_in = 'password'
                              -- a browser's session also ends when nobody uses it
                              AND ('browser' <> ALL(c.scopes)
                                   OR greatest(c.created_at, c.last_used_at) > $2::timestamptz - interval '2 hours')
          WHEN 'token' THEN m.id IS NOT NULL AND k.id IS NOT NULL AND k.revoked_at IS NULL
                            AND (k.expires_at IS NULL OR k.expires_at > $2)
                            -- with the first of those that it was made with, it ends too
                            AND NOT EXISTS (
                                SELECT FROM jsonb_array_elements_text(k.ancestors) AS above
                                LEFT JOIN token a ON a.id = above::uuid
                                LEFT JOIN member o ON o.id = a.member AND o.active
                                WHERE o.id IS NULL OR a.revoked_at IS NOT NULL OR a.expires_at <= $2)
          WHEN 'agent' THEN c.id IN (t.credential, t.credential_before)
          WHEN 'pull' THEN c.made_with IN (t.credential, t.credential_before)
          ELSE false
      END
