"""Promises about speech: members speak, nobody is spoken for in the past, and nothing that was said goes away."""

from typing import ClassVar

from django.db import migrations

from coop.database import guards

MOST_MESSAGES, MOST_THREADS = 30, 10
# A word is found as it stands, and in its other forms in the languages of the house.
WORDS = """
ALTER TABLE public.governance_{table} ADD COLUMN search tsvector GENERATED ALWAYS AS (
    to_tsvector('pg_catalog.simple', {column}) || to_tsvector('pg_catalog.english', {column})
    || to_tsvector('pg_catalog.spanish', {column})
) STORED;
CREATE INDEX words_of_{table}s ON public.governance_{table} USING gin (search);
"""

SPEAKS = """
CREATE FUNCTION public.governance_speaks(speaker bigint) RETURNS boolean LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT coalesce((
        SELECT s.status IN ('candidate', 'member') FROM public.governance_standing s
        WHERE s.person_id = speaker ORDER BY s.id DESC LIMIT 1
    ), false);
END;
"""

# A pause, a charge or an officer's word is not asked here: they never reach what is said (D1, E8).
OPENING = f"""
    PERFORM FROM public.people_person WHERE id = NEW.opened_by_id FOR NO KEY UPDATE;
    {guards.in_the_present("thread_is_opened_by_a_member")}
    NEW.opened_at := public.coop_now();
    IF NOT public.governance_speaks(NEW.opened_by_id) THEN
        {guards.refuse("thread_is_opened_by_a_member", "Candidates and members open threads, nobody else.")}
    END IF;
    IF starts_with(NEW.subject, 'proposal:') AND NOT EXISTS (
        SELECT FROM public.governance_proposal p
        WHERE 'proposal:' || p.id = NEW.subject AND p.published_at IS NOT NULL
    ) THEN
        {guards.refuse("thread_is_opened_by_a_member", "A thread is about a proposal that is published.")}
    END IF;
    RETURN NEW;
"""

WRITING = f"""
    PERFORM FROM public.people_person WHERE id = NEW.author_id FOR NO KEY UPDATE;
    {guards.in_the_present("message_is_written_by_a_member")}
    NEW.written_at := public.coop_now();
    IF NOT public.governance_speaks(NEW.author_id) THEN
        {guards.refuse("message_is_written_by_a_member", "Candidates and members write here, nobody else.")}
    END IF;
    IF NEW.corrects_id IS NOT NULL AND NOT EXISTS (
        SELECT FROM public.governance_message m WHERE m.id = NEW.corrects_id AND m.corrects_id IS NULL
            AND m.author_id = NEW.author_id AND m.thread_id = NEW.thread_id
    ) THEN
        {guards.refuse("message_is_written_by_a_member", "Only the author corrects a message, and it stays beside it.")}
    END IF;
    RETURN NEW;
"""

# By numbers alone, the same for everybody: it keeps a machine out, not an opinion. The author's row is locked already.
FLOODING = """
    IF {most} <= (
        SELECT count(*) FROM public.governance_{table} m
        WHERE m.{who} = NEW.{who} AND m.{when} > public.coop_now() - interval '1 hour'
    ) THEN
        {refusal}
    END IF;
    RETURN NEW;
"""


class Migration(migrations.Migration):
    """Install the guards and the rights of the site."""

    dependencies: ClassVar = [("governance", "0006_assembly")]
    operations: ClassVar = [
        migrations.RunSQL(WORDS.format(table="thread", column="title"), migrations.RunSQL.noop),
        migrations.RunSQL(WORDS.format(table="message", column="text"), migrations.RunSQL.noop),
        migrations.RunSQL(SPEAKS, migrations.RunSQL.noop),
        guards.Procedure("thread_is_opened_by_a_member", table="governance_thread", body=OPENING, definer=True),
        # After the one before in the alphabet, so that its lock is held.
        guards.Procedure(
            "threads_are_no_flood",
            table="governance_thread",
            definer=True,
            body=FLOODING.format(
                most=MOST_THREADS,
                table="thread",
                who="opened_by_id",
                when="opened_at",
                refusal=guards.refuse("threads_are_no_flood", "Nobody opens more than ten threads in an hour."),
            ),
        ),
        guards.AppendOnly("governance_thread", otherwise="A thread is neither renamed nor closed nor removed."),
        guards.Grant("governance_thread", "SELECT", "INSERT"),
        guards.Procedure("message_is_written_by_a_member", table="governance_message", body=WRITING, definer=True),
        guards.Procedure(
            "messages_are_no_flood",
            table="governance_message",
            definer=True,
            body=FLOODING.format(
                most=MOST_MESSAGES,
                table="message",
                who="author_id",
                when="written_at",
                refusal=guards.refuse("messages_are_no_flood", "Nobody writes more than thirty messages in an hour."),
            ),
        ),
        guards.AppendOnly(
            "governance_message", otherwise="What was said stays: nobody edits or deletes it, its author neither."
        ),
        guards.Grant("governance_message", "SELECT", "INSERT"),
    ]
