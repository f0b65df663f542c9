"""What an open job must have set aside, by the database's own count."""

from decimal import Decimal

from django.db import connection

from payments.money import from_micro, to_micro
from tasks.models import Job


def needed(job: Job, pay: Decimal | None = None) -> Decimal:
    """Return what the job's escrow must hold at a pay (its own when left out), fee included, in the rate's currency.

    That is the open slots at that pay, and for claims made at a lower pay the difference, as their slots may come
    back. Nothing for onboarding, which the training fund pays claim by claim.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT tasks_money_needed(%s, %s)", [job.pk, to_micro(job.pay if pay is None else pay)])
        (micro,) = cursor.fetchone()
    return from_micro(micro)
