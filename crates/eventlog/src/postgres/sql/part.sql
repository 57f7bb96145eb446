INSERT INTO eventlog.identity (id, since) SELECT gen_random_uuid(), position FROM eventlog.head
