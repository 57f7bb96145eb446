-- An address is unique among those who know of each other: the vendor's people, or one customer's.
ALTER TABLE ops.person ADD COLUMN customer uuid; -- none: the vendor's
DO $$ BEGIN
    IF to_regclass('read.member') IS NOT NULL THEN
        UPDATE ops.person p SET customer = m.customer FROM read.member m WHERE m.id = p.member;
    END IF;
END $$;
ALTER TABLE ops.person DROP CONSTRAINT person_organization_email_key;
CREATE UNIQUE INDEX person_address ON ops.person
    (organization, email, coalesce(customer, '00000000-0000-0000-0000-000000000000'));

-- What a person is shown of its sessions, to know which one it does not know.
ALTER TABLE ops.credential
    ADD COLUMN made_from  text, -- a network
    ADD COLUMN user_agent text;
