"""A month is sealed from the first transfer's on: none before the books begin, of which nobody would take a seal."""

from importlib import import_module
from typing import ClassVar

from django.db import migrations

from coop.database import guards

BOOKS = import_module("payments.migrations.0101_books_sealed_by_the_database")
WHOLE = import_module("payments.migrations.0091_sealed_as_a_whole")
ONCE = "AND NOT EXISTS (SELECT FROM public.record_event e"


def begun(month: str) -> str:
    """Return that something was posted before a month's end."""
    return f"""AND EXISTS (SELECT FROM public.payments_transfer t
                WHERE t.posted_at < (({month} || '-01')::timestamp + interval '1 month') AT TIME ZONE interval '0')
            {ONCE}"""


class Migration(migrations.Migration):
    """Ask it of both seals."""

    dependencies: ClassVar = [("payments", "0103_seats_that_ended_since")]
    operations: ClassVar = [
        guards.Edited(f"guard_{BOOKS.NAME}", (ONCE, begun("split_part(NEW.subject, ':', 2)"))),
        guards.Edited(f"guard_{WHOLE.NAME}", (ONCE, begun("of_month"))),
    ]
