"""How long a kind of work takes by the time its pages were worked at: what the rate card says, and a floor goes by.

The database measures it once a day, from the latest accepted answers: six of each member at most, 20 of five members at
least. Until then, and where nobody looked for eight days, the seconds that answers were handed in with stand for it.
"""

from datetime import datetime
from decimal import Decimal

from django.db import IntegrityError, transaction

from coop.record import events
from coop.refusals import guard_of
from payments.models import WorkType
from tasks.models import Pace

GUARD = "paces_are_measured_by_the_database"


def measure(work_type: WorkType, *, at: datetime) -> Pace | None:
    """Write down what a kind of work takes; None where too little was done, or it was measured today already.

    Anybody may ask (P5).
    """
    nothing = dict.fromkeys(("median_seconds", "quicker_quarter", "slower_quarter"), Decimal(0))
    try:
        with transaction.atomic():
            pace = Pace.objects.create(work_type=work_type, units=0, people=0, **nothing, at=at)
            pace.refresh_from_db()
            events.write(
                "paces.measured", by=None, subject=f"work_type:{work_type.pk}", at=at, units=pace.units,
                people=pace.people, seconds=round(pace.median_seconds),
            )  # fmt: skip
    except IntegrityError as error:
        if guard_of(error) != GUARD:
            raise
        return None
    return pace


def measure_all(*, at: datetime) -> int:
    """Measure every kind of work; return how many had enough."""
    return sum(measure(kind, at=at) is not None for kind in WorkType.objects.order_by("pk"))
