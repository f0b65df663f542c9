"""When the record stood still is written by the database alone, and nobody can say that it moved while it was held."""

from typing import ClassVar

from django.db import migrations

from coop.database import guards

# A transaction that was open ten minutes ago and still is holds what it locked, and keeps all events from being sealed.
# (Rows of a larger number are those of another machine, before the database was restored on this one.)
MOVING = f"""
    {guards.in_the_present("checkpoint_finds_the_record_moving")}
    NEW.at := public.coop_now();
    NEW.machine_at := clock_timestamp();
    NEW.transaction := pg_current_xact_id()::text::bigint;
    NEW.size := (SELECT coalesce(max(leaf.index) + 1, 0) FROM public.record_leaf leaf);
    IF (
        SELECT earlier.transaction >= pg_snapshot_xmin(pg_current_snapshot())::text::bigint
        FROM public.record_checkpoint earlier
        WHERE earlier.machine_at < NEW.machine_at - interval '10 minutes' AND earlier.transaction < NEW.transaction
        ORDER BY earlier.id DESC LIMIT 1
    ) THEN
        {
    guards.refuse(
        "checkpoint_finds_the_record_moving", "The record stands still: a transaction has been open for ten minutes."
    )
}
    END IF;
    NEW.stood_still_since := (
        SELECT NEW.at - (NEW.machine_at - latest.machine_at) FROM public.record_checkpoint latest
        WHERE latest.id = (SELECT max(last.id) FROM public.record_checkpoint last)
            AND NEW.machine_at - latest.machine_at > interval '15 minutes'
    );
    RETURN NEW;
"""

# Since the latest checkpoint nothing may be known either.
STANDSTILLS = """
CREATE FUNCTION public.record_standstills() RETURNS TABLE (since timestamptz, until timestamptz) LANGUAGE sql VOLATILE
BEGIN ATOMIC
    SELECT c.stood_still_since, c.at FROM public.record_checkpoint c WHERE c.stood_still_since IS NOT NULL
    UNION ALL
    SELECT public.coop_now() - (clock_timestamp() - latest.machine_at), public.coop_now()
    FROM public.record_checkpoint latest WHERE latest.id = (SELECT max(last.id) FROM public.record_checkpoint last)
        AND clock_timestamp() - latest.machine_at > interval '15 minutes';
END;
"""


class Migration(migrations.Migration):
    """Install the guards and open the table to the site."""

    dependencies: ClassVar = [("record", "0004_checkpoints")]
    operations: ClassVar = [
        guards.Procedure("checkpoint_finds_the_record_moving", table="record_checkpoint", body=MOVING),
        guards.AppendOnly("record_checkpoint", otherwise="When the record moved and when not is never rewritten."),
        guards.Grant("record_checkpoint", "SELECT", "INSERT (size)"),
        migrations.RunSQL(STANDSTILLS, migrations.RunSQL.noop),
    ]
