"""What the schema is, only its owner writes down: nobody else can make the record say something else of it."""

from typing import ClassVar

from django.db import migrations

from coop.database import guards


class Migration(migrations.Migration):
    """Guard the events about the schema."""

    dependencies: ClassVar = [("record", "0002_guards")]
    operations: ClassVar = [
        guards.Guard(
            "schema_is_recorded_by_its_owner",
            table="record_event",
            holds="""NEW.kind <> 'schema.recorded' OR pg_has_role(session_user, (
                SELECT c.relowner FROM pg_class c WHERE c.oid = 'public.record_event'::regclass), 'USAGE')""",
            otherwise="What the schema is, only its owner writes into the record.",
        ),
    ]
