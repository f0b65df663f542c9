"""What tests of every way to be paid share: an open way, a released run, where a payout and its money stand."""

import json
from decimal import Decimal

from django.core import mail
from django.db import connection

from coop import clock
from governance.models import Mandate, Office
from payments import background, instruments, invariants, moves, payouts, rails, runs, sending
from payments.models import Instrument, Kind, Move, Payout, PayRun, Place
from tests.payments.conftest import owning


def open_way(rail: str) -> None:
    """Let a way be open, as the founding meeting could have written it."""
    value = instruments.canonical({"open": True})
    with owning():
        Instrument.objects.create(
            kind=Kind.RAIL, key=f"rail:{rail}", version=1, value=value, mandate=Mandate.objects.get(proposal=None),
            since=clock.now(),
        )  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")


def stock(rail: str, treasurer: Office, secretary: Office, amount: str = "100", currency: str = "USD") -> Move:
    """Move money from the bank to where a way pays from."""
    noted = moves.note(
        Place.MAIN, rails.place_of(rail), amount=Decimal(amount), currency=currency,
        reference=f"MOVE-{Move.objects.count()}", by=treasurer, at=clock.now(),
    )  # fmt: skip
    return moves.confirm(noted, by=secretary, at=clock.now())


def release(rail: str, treasurer: Office, secretary: Office) -> PayRun:
    """Put what waits into a run and let two officers release it."""
    run = runs.prepare(rail, at=clock.now())
    assert run
    runs.check(run, by=treasurer, at=clock.now())
    return runs.release(run, by=secretary, at=clock.now())


def state(payout: Payout) -> str:
    """Return where a payout stands."""
    return Payout.objects.get(pk=payout.pk).state


def rests(payout: Payout) -> tuple[str, Decimal]:
    """Return where a payout stands, and what its member has ready."""
    return state(payout), payouts.ready(payout.person)


def letter(payout: Payout) -> str:
    """Have the member told that a payout came back, as was deferred once for its last end, and return the mail."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT args FROM procrastinate_jobs WHERE task_name = %s ORDER BY id", [payouts.TELL])
        said = [json.loads(args) for (args,) in cursor.fetchall()]
    (args,) = [one for one in said if one["payout"] == payout.pk]
    background.tell_of_payout(**args)
    assert mail.outbox[-1].to == [payout.person.email]
    return str(mail.outbox[-1].body)


def says(payout: Payout, *words: str) -> bool:
    """Tell whether its member reads by mail which way it went, where the money is, when it is tried again, and this."""
    read = letter(payout)
    rail = rails.of(payout.rail)
    when = (
        "next pay run then: prepared on Fridays, or 24 hours after you ask" if rail.in_runs else "An officer sends it"
    )
    every = (
        f"Payout {payout.pk}", f"Its way was: {rail.label}.", "in your balance again", "does not expire", when, *words,
    )  # fmt: skip
    return all(one in read for one in every)


def go_on() -> int:
    """Let the services be asked, and return how many payouts moved on."""
    return sending.go_on(at=clock.now())


def sound() -> bool:
    """Tell whether the books are in order."""
    return not any(invariants.broken().values())
