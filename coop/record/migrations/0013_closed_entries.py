"""Who acted, and what is done at single tasks and inside a client's compartment, is in no guessable hash (0283).

Entries that stand have no veil and keep their text.
"""

from typing import ClassVar

from django.db import migrations, models
from django.db.models import Q

from coop.database import guards

CLOSED = (
    r"^((answers|checks|claims|clients|datasets|disputes|endpoints|escrow|extensions|files|keys|known|machines|quality"
    r"|reviews|skips|stages|teams|tips|webhooks)\.|(alerts|content|letters)\.chosen$|guides\.(asked|read)$"
    r"|deletions\.named$|jobs\.(drafted|grew)$|releases\.(asked|withdrawn)$|reports\.made$)"
)

# As before, but for who acted: that is the hash of the veil and the number, which nobody finds by trying.
TEXT = """
CREATE OR REPLACE FUNCTION public.record_event_text(event public.record_event) RETURNS text LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT concat_ws(
        E'\\n', event.id::text,
        to_char(event.at AT TIME ZONE interval '0', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
        event.kind,
        CASE WHEN event.veil IS NULL THEN coalesce(event.actor_id::text, '-') ELSE encode(sha256(convert_to(
            event.veil::text || ' ' || coalesce(event.actor_id::text, '-'), 'UTF8')), 'hex') END,
        event.subject, event.data::text
    );
END;
"""


class Migration(migrations.Migration):
    """Tell closed entries from open ones, list the open ones quickly, and veil who acted."""

    dependencies: ClassVar = [("record", "0012_moves_are_the_databases")]
    operations: ClassVar = [
        migrations.AlterModelOptions("event", {"required_db_vendor": "postgresql"}),
        migrations.AddField(
            "event",
            "closed",
            models.GeneratedField(
                expression=models.ExpressionWrapper(Q(kind__regex=CLOSED), output_field=models.BooleanField()),
                output_field=models.BooleanField(),
                db_persist=True,
            ),
        ),
        migrations.AddIndex(
            "event", models.Index(fields=["id"], condition=Q(closed=False), name="events_that_all_read")
        ),
        migrations.AddIndex(
            "event",
            models.Index(fields=["subject", "id"], condition=Q(closed=False), name="what_all_read_of_a_subject"),
        ),
        migrations.AddField("event", "veil", models.UUIDField(editable=False, null=True)),
        guards.Edited(
            "guard_events_are_written_when_they_happen",
            ("RETURN NEW;", "NEW.veil := gen_random_uuid();\n    RETURN NEW;"),
        ),
        migrations.RunSQL(TEXT),
    ]
