"""What time it is: the database's clock, which in a demonstration may run ahead and in a real cooperative never does.

Pages and jobs ask `now()` once and hand it down as `at=`; guards ask the same clock as `coop_now()`.
"""

from datetime import datetime, timedelta

from django.db import connection
from django.db.models import DateTimeField, Func

from coop.models import ClockAdvance

# The same, as part of a query that is asked anyway.
NOW = Func(function="public.coop_now", output_field=DateTimeField())


def now() -> datetime:
    """Return the cooperative's time, aware and in UTC; one query."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT public.coop_now()")
        time: datetime = cursor.fetchone()[0]
    return time


def ahead() -> timedelta:
    """Return how far this cooperative's clock runs ahead of the world's; nothing in a real one."""
    latest = ClockAdvance.objects.order_by("-ahead").first()
    return latest.ahead if latest else timedelta()


def advance(delta: timedelta) -> datetime:
    """Let a demonstration's clock jump ahead by `delta` and return the new time.

    Raises IntegrityError by `clock_runs_ahead_only_in_a_simulation` in a real cooperative, and by
    `clock_never_runs_back` for a delta that is not positive.
    """
    ClockAdvance.objects.create(ahead=ahead() + delta)
    return now()
