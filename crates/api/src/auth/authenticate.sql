-- What a secret opens, if it opens anything now. Columns of the other side are null.
SELECT c.hash, c.kind, c.id, c.organization, c.subject, c.scopes,
       m.membership, m.kind AS member_kind,
       k.repositories,
       t.customer, c.created_at,
       coalesce(t.credential = c.id AND t.credential_before IS NOT NULL, false) AS unconfirmed
FROM credential c
LEFT JOIN member m ON m.id = c.subject AND m.organization = c.organization AND m.active
LEFT JOIN token k ON k.id = c.id AND c.kind = 'token'
LEFT JOIN target t ON t.id = c.subject AND t.organization = c.organization AND t.retired_at IS NULL
WHERE c.hash = $1
  AND (c.expires_at IS NULL OR c.expires_at > $2)
  AND CASE c.kind
          WHEN 'session' THEN m.id IS NOT NULL
          WHEN 'token' THEN m.id IS NOT NULL AND k.id IS NOT NULL AND k.revoked_at IS NULL
          WHEN 'agent' THEN c.id IN (t.credential, t.credential_before)
          ELSE false
      END
