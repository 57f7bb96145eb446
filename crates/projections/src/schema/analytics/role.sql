-- Analysts read the views and can do nothing else. Who connects is a member of this role; what a role cannot hand down to
-- its members (read-only transactions, timeouts) is set when a login is made. Who may not make roles here gets a warning.
DO $$
DECLARE
    views text := split_part(current_setting('search_path'), ', ', 1);
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'distr_analyst') THEN
        CREATE ROLE distr_analyst NOLOGIN;
    END IF;
    EXECUTE format('GRANT USAGE ON SCHEMA %I TO distr_analyst', views);
    EXECUTE format('GRANT SELECT ON ALL TABLES IN SCHEMA %I TO distr_analyst', views);
EXCEPTION WHEN insufficient_privilege OR duplicate_object OR unique_violation THEN
    RAISE WARNING 'the role distr_analyst could not be made: %', SQLERRM;
END;
$$;

-- what everybody may do in a database unless it is taken away
DO $$
BEGIN
    EXECUTE format('REVOKE CREATE, TEMPORARY ON DATABASE %I FROM PUBLIC', current_database());
    REVOKE CREATE ON SCHEMA public FROM PUBLIC;
EXCEPTION WHEN insufficient_privilege THEN
    RAISE WARNING 'what everybody may make in this database could not be narrowed: %', SQLERRM;
END;
$$;

-- large objects are writing; advisory locks hold up hubs
DO $$
BEGIN
    REVOKE EXECUTE ON FUNCTION lo_creat(integer), lo_create(oid), lo_from_bytea(oid, bytea) FROM PUBLIC;
    REVOKE EXECUTE ON FUNCTION
        pg_advisory_lock(bigint), pg_advisory_lock(integer, integer),
        pg_advisory_lock_shared(bigint), pg_advisory_lock_shared(integer, integer),
        pg_try_advisory_lock(bigint), pg_try_advisory_lock(integer, integer),
        pg_try_advisory_lock_shared(bigint), pg_try_advisory_lock_shared(integer, integer),
        pg_advisory_xact_lock(bigint), pg_advisory_xact_lock(integer, integer),
        pg_advisory_xact_lock_shared(bigint), pg_advisory_xact_lock_shared(integer, integer),
        pg_try_advisory_xact_lock(bigint), pg_try_advisory_xact_lock(integer, integer),
        pg_try_advisory_xact_lock_shared(bigint), pg_try_advisory_xact_lock_shared(integer, integer)
    FROM PUBLIC;
EXCEPTION WHEN insufficient_privilege THEN
    RAISE WARNING 'which functions everybody may call in this database could not be narrowed: %', SQLERRM;
END;
$$;
