"""What happened is written once, in its own time, and its place in the log follows from it alone."""

from typing import ClassVar

from django.db import migrations

from coop.database import guards

# One line for each field, without the server's settings, so that anybody can write it again.
EVENT_TEXT = """
CREATE FUNCTION public.record_event_text(event public.record_event) RETURNS text LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT concat_ws(
        E'\\n', event.id::text,
        to_char(event.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
        event.kind, coalesce(event.actor_id::text, '-'), event.subject, event.data::text
    );
END;
"""

MOMENT = "moment timestamptz := public.coop_now();"
STAMP = f"""
    NEW.transaction := pg_current_xact_id()::text::bigint;
    IF NEW.at > moment OR (
        NEW.at < moment - interval '1 hour' AND NOT pg_has_role(session_user, 'workhall_owner', 'USAGE')
    ) THEN
        {guards.refuse("events_are_written_when_they_happen", "An event is written down when it happens.")}
    END IF;
    RETURN NEW;
"""

# Once for all places of a statement, so that a hundred thousand are checked in seconds.
FOLLOWS = f"""
CREATE FUNCTION public.guard_leaves_follow_the_events() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $guard$
BEGIN
    IF EXISTS (
        SELECT 1 FROM added
        LEFT JOIN public.record_leaf previous ON previous.index = added.index - 1
        LEFT JOIN public.record_event event ON event.id = added.event_id
        WHERE (
            (added.index = 0 OR previous.index IS NOT NULL)
            AND event.transaction < pg_snapshot_xmin(pg_current_snapshot())::text::bigint
            AND added.leaf_hash = sha256('\\x00'::bytea || convert_to(public.record_event_text(event), 'UTF8'))
            AND added.chain_hash = sha256(coalesce(previous.chain_hash, ''::bytea) || added.leaf_hash)
        ) IS NOT TRUE
    ) THEN
        {guards.refuse("leaves_follow_the_events", "A place in the log follows from its event and the one before.")}
    END IF;
    RETURN NULL;
END $guard$;
CREATE TRIGGER leaves_follow_the_events AFTER INSERT ON public.record_leaf REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION public.guard_leaves_follow_the_events();
ALTER TABLE public.record_leaf ENABLE ALWAYS TRIGGER leaves_follow_the_events;
"""


class Migration(migrations.Migration):
    """Install the guards of the record and open its tables to the site."""

    dependencies: ClassVar = [("record", "0001_initial"), ("people", "0002_guards"), ("coop", "0001_initial")]
    operations: ClassVar = [
        guards.AppendOnly("record_event", otherwise="What happened is never changed; a correction is a new event."),
        guards.Procedure("events_are_written_when_they_happen", table="record_event", declare=MOMENT, body=STAMP),
        guards.Guard(
            "events_are_plain_lines",
            table="record_event",
            # The text that is hashed has one line for each field: a line break inside one could pass for the next.
            holds=r"NEW.kind ~ '^[a-z_]+[.][a-z_]+$' AND NEW.subject !~ '[[:cntrl:]]'",
            otherwise="An event's kind is two words as claims.claimed, and its subject is one line.",
        ),
        guards.Grant("record_event", "SELECT", "INSERT"),
        migrations.RunSQL(EVENT_TEXT, migrations.RunSQL.noop),
        guards.Allow("record_event_text(public.record_event)"),
        guards.AppendOnly("record_leaf", otherwise="A place in the log is never changed."),
        migrations.RunSQL(FOLLOWS, migrations.RunSQL.noop),
        guards.Grant("record_leaf", "SELECT", "INSERT"),
    ]
