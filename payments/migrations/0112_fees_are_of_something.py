"""A fee that the site books is of something that it knows."""

from typing import ClassVar

from django.db import migrations

from coop.database import guards

# A fee of no payout stands on a statement, or was told with a payment by card or with what its bank took back.
OF = """NEW.outcome <> 'fee' OR num_nonnulls(NEW.payout_id, NEW.statement_id) > 0
    OR NEW.rail = 'stripe' AND NEW.event ~ '/fee$' AND EXISTS (SELECT FROM public.payments_cardevent c
        WHERE c.event IN (left(NEW.event, -3) || 'settled', left(NEW.event, -3) || 'charged_back'))"""


class Migration(migrations.Migration):
    """Ask it of whoever writes."""

    dependencies: ClassVar = [("payments", "0111_lists_of_services")]
    operations: ClassVar = [
        guards.Guard(
            "fees_are_of_something",
            table="payments_railevent",
            holds=OF,
            otherwise="A fee is of a payout, of a payment by card, or on a statement that two officers saw.",
            definer=True,
        ),
    ]
