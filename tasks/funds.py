"""What an open job must have set aside and must pay at least, by the database's own count."""

from decimal import Decimal
from typing import Any

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


def least_pay(job: Job) -> Decimal | None:
    """Return the least pay at which a job may open: what its client's comparable work of 12 months paid; None if none.

    In the rate's currency for each answer; the database asks the same when the job opens (`job_reopens_no_lower`).
    """
    facts: list[Any] = [job.pk, job.client_id, job.work_type_id, job.title]
    with connection.cursor() as cursor:
        cursor.execute("SELECT tasks_least_pay(%s, %s, %s, %s)", facts)
        (micro,) = cursor.fetchone()
    return None if micro is None else from_micro(micro)
