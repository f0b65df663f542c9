"""What moves between two places of the cooperative lay at the one that it leaves, Stripe too, which has no ceiling."""

from typing import ClassVar

from django.db import migrations

from coop.database import guards

# With the question that the move is posted: asked at whatever moment, the balance has moved by then, and its row is
# held until the end.
LIES_THERE = f"""    IF EXISTS (SELECT FROM public.payments_account a
        WHERE a.code = 'bank:' || NEW.source AND a.currency = NEW.currency AND a.balance > 0) THEN
        {guards.refuse("moves_are_posted", "No more is moved than lies at the place that it leaves.")}
    END IF;
    RETURN NULL;"""


class Migration(migrations.Migration):
    """Ask it of every move, once it is posted."""

    dependencies: ClassVar = [("payments", "0101_books_sealed_by_the_database")]
    operations: ClassVar = [guards.Edited("guard_moves_are_posted", ("    RETURN NULL;", LIES_THERE))]
