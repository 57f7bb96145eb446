-- The read models as of a position of the log. A session says which one (`distr.as_of`) and when that was
-- (`distr.as_of_instant`), and looks into this schema before it looks into the tables: then each question is one about the past.
CREATE FUNCTION as_of() RETURNS bigint LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT current_setting('distr.as_of')::bigint
$$;
CREATE FUNCTION as_of_instant() RETURNS timestamptz LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT current_setting('distr.as_of_instant')::timestamptz
$$;

-- rows as they are, if they were so already, and rows as they were
DO $$
DECLARE
    views text := split_part(current_setting('search_path'), ', ', 1);
    tables text := split_part(current_setting('search_path'), ', ', 2);
    kept record;
BEGIN
    FOR kept IN
        SELECT c.relname AS name, string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum) AS columns
        FROM pg_class c
        JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
        WHERE c.relnamespace = tables::regnamespace AND c.relkind = 'r'
          AND to_regclass(format('%I.%I', tables, c.relname || '_past')) IS NOT NULL
        GROUP BY c.relname
    LOOP
        EXECUTE format(
            'CREATE VIEW %1$I.%3$I AS
             SELECT %4$s FROM %2$I.%3$I WHERE position <= as_of()
             UNION ALL
             SELECT %4$s FROM %2$I.%5$I WHERE position <= as_of() AND until > as_of()',
            views, tables, kept.name, kept.columns, kept.name || '_past');
    END LOOP;
END;
$$;

-- what is written once was not there before
CREATE VIEW license_audit AS SELECT * FROM license_audit WHERE position <= as_of();
CREATE VIEW access AS SELECT * FROM access WHERE position <= as_of();
CREATE VIEW consequence AS SELECT * FROM consequence WHERE position <= as_of();

-- What is kept of reports is how many there were in each hour: that a target was heard from is known, and not what it said, nor to the
-- minute when. The instant of a position may be one that its reader is not told.
CREATE VIEW heartbeat AS
SELECT
    t.id, t.organization, h.at AS heard_at, h.at AS received_at, h.at AS agent_at, NULL::bigint AS clock_offset_ms,
    h.tally, h.reports, h.missing, ''::text AS agent_version, NULL::jsonb AS facts, '[]'::jsonb AS deployments,
    NULL::jsonb AS error, h.position
FROM target t
CROSS JOIN LATERAL (
    SELECT CASE WHEN last_at <= as_of_instant() THEN last_at ELSE greatest(first_at, date_trunc('minute', as_of_instant())) END AS at, tally, reports, missing, position
    FROM heartbeat_hour
    WHERE target = t.id AND hour <= as_of_instant() AND first_at <= as_of_instant()
    ORDER BY hour DESC
    LIMIT 1
) h;

-- the last of them is whole, whatever of it came later
CREATE VIEW heartbeat_hour AS SELECT * FROM heartbeat_hour WHERE first_at <= as_of_instant();
