"""That somebody moved decides who votes (D6): of it, and of passwords, the database alone writes that it happened."""

from typing import ClassVar

from django.db import migrations

from coop.database import guards

NAME = "what_the_database_saw_it_says_itself"
# Their triggers write with the owner's rights (`record_moves`, `record_passwords`).
SAW = """pg_has_role(current_user, (
        SELECT c.relowner FROM pg_class c WHERE c.oid = 'public.record_event'::regclass), 'USAGE')"""


class Migration(migrations.Migration):
    """Ask of each such event who writes it."""

    dependencies: ClassVar = [("record", "0011_spans_in_hours")]
    operations: ClassVar = [
        guards.Guard(
            NAME, table="record_event", holds=SAW,
            otherwise="That somebody moved, or has another password, is written where it happens, by the database.",
        ),
        migrations.RunSQL(f"""
CREATE OR REPLACE TRIGGER {NAME} BEFORE INSERT ON public.record_event
    FOR EACH ROW WHEN (NEW.kind IN ('people.moved', 'people.password_set')) EXECUTE FUNCTION public.guard_{NAME}();
ALTER TABLE public.record_event ENABLE ALWAYS TRIGGER {NAME};
"""),
    ]  # fmt: skip
