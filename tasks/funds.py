"""What a job must have set aside and must pay at least, by the database's own count; and the moves of that money."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import connection

from coop.people.models import Person
from payments import accounts, escrow, ledger
from payments.ledger import Kind
from payments.money import from_micro, to_micro
from tasks.models import Job


@dataclass(frozen=True, slots=True)
class Room:
    """What a job can take: US$ that its tasks cannot need, and what a slot costs at most, fee and checks included.

    `fundings` says how often money was set aside for it, `last` the position of its last task, `leads` whether others
    follow it.
    """

    spare: Decimal
    price: Decimal
    fundings: int
    last: int
    leads: bool


def room(job: Job) -> Room:
    """Return what a job can take, held until the transaction ends; what its tasks need is not counted each time."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT spare, price, fundings, last, leads FROM tasks_room(%s)", [job.pk])
        spare, price, *rest = cursor.fetchone()
    return Room(from_micro(spare), from_micro(price), *rest)


def needed(job: Job, pay: Decimal | None = None) -> Decimal:
    """Return what the job's escrow must hold at a pay (its own when left out), fee included, in the rate's currency.

    That is the open slots at that pay, and for claims made at a lower pay the difference, as their slots may come
    back. Nothing for onboarding, which the training fund pays claim by claim.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT tasks_money_needed(%s, %s)", [job.pk, to_micro(job.pay if pay is None else pay)])
        (micro,) = cursor.fetchone()
    return from_micro(micro)


def wages_missing(job: Job, pay: Decimal | None = None) -> Decimal:
    """Return the US$ still to be set aside so that every answer can be paid at a pay (the job's own when left out)."""
    return max(Decimal(0), needed(job, pay) - escrow.set_aside(job.pk))


def deposit_needed(job: Job, pay: Decimal | None = None) -> Decimal:
    """Return what a job's client still has to deposit for the hourly floor at a pay (its own when left out), US$."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tasks_deposit_needed(%s, %s)", [job.pk, to_micro(job.pay if pay is None else pay)])
        (micro,) = cursor.fetchone()
    return from_micro(micro)


def tasks_to_come(job: Job) -> int:
    """Return how many tasks can still come to a job from the stage before; none where it follows no other."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tasks_expected(%s)", [job.pk])
        (count,) = cursor.fetchone()
    return int(count)


def deposit_is_free(job: Job) -> bool:
    """Tell whether nobody can need a job's deposit for the floor any more: it is closed, its weeks counted and paid."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tasks_deposit_is_free(%s)", [job.pk])
        (free,) = cursor.fetchone()
    return bool(free)


def least_pay(job: Job) -> Decimal | None:
    """Return the least pay at which a job may open: what its client's comparable work of 12 months paid; None if none.

    In the rate's currency for each answer; the database asks the same when the job opens (`job_reopens_no_lower`).
    """
    return least_for(job.client_id, job.work_type_id, job.title, job.content, job=job.pk)


def least_for(client: int, work_type: int, title: str, content: Mapping[str, str], *, job: int = 0) -> Decimal | None:
    """Return the same of work that is still being written."""
    facts: list[Any] = [job, client, work_type, title, json.dumps(content)]
    with connection.cursor() as cursor:
        cursor.execute("SELECT tasks_with_rests(tasks_least_pay(%s, %s, %s, %s), %s)", facts)
        (micro,) = cursor.fetchone()
    return None if micro is None else from_micro(micro)


def set_aside(job: Job, pay: Decimal, *, by: Person | None, at: datetime) -> None:
    """Set a job's money aside (kind 2) as far as it lacks at a pay: for answers, and for the hourly floor."""
    if (amount := wages_missing(job, pay)) > 0:
        set_aside_more(job, amount, room(job).fundings + 1, by=by, at=at)
    set_deposit_aside(job, pay, by=by, at=at)


def set_deposit_aside(job: Job, pay: Decimal, *, by: Person | None, at: datetime) -> None:
    """Set aside (kind 2) what lacks of a job's deposit for the hourly floor at a pay."""
    if (amount := deposit_needed(job, pay)) > 0:
        number = escrow.next_number(Kind.FUND, job.pk, room(job).fundings + 1, floor=True)
        escrow.fund(job.pk, amount, job.client, number, by=by, at=at, floor=True)


def set_aside_more(job: Job, amount: Decimal, number: int, *, by: Person | None, at: datetime) -> None:
    """Set US$ aside for answers, the time of this number or of the next free one (kind 2).

    Under the job's lock. Raise Refused if the balance is short.
    """
    escrow.fund(job.pk, amount, job.client, escrow.next_number(Kind.FUND, job.pk, number), by=by, at=at)


def _times_back(account: str) -> int:
    """Return how often money was given back, as the number of the last time; under the job's lock."""
    return int(ledger.lines_of(account).filter(kind=Kind.REFUND).count())


def give_back(job: Job, *, at: datetime) -> Decimal:
    """Give a closed job's client back what nobody needs any more; return how much that was."""
    left = escrow.deposited(job.pk)
    parts = [
        (escrow.set_aside(job.pk), accounts.escrow(job.pk), False),
        (left if left and deposit_is_free(job) else Decimal(0), accounts.deposit(job.pk), True),
    ]
    for amount, account, floor in parts:
        if amount > 0:
            number = escrow.next_number(Kind.REFUND, job.pk, _times_back(account) + 1, floor=floor)
            escrow.refund(job.pk, amount, job.client, number, at=at, floor=floor)
    return sum((amount for amount, _account, _floor in parts), Decimal(0))
