"""What a new version of an instrument would change for the member who reads: a true sentence of theirs, or nothing."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import connection
from django.utils.translation import gettext as _

from coop.people.models import Person
from governance.policy import Payload
from payments import floors, instruments, ledger
from payments.models import Instrument, Kind, WorkType
from payments.money import from_micro
from payments.templatetags.money import money, per_cent

WINDOW = timedelta(days=28)
CHECKS = """
SELECT coalesce(sum(pay), 0), coalesce(sum(div(pay * %s, %s)), 0) FROM payments_checks_paid
WHERE person_id = %s AND at > %s AND CASE WHEN %s = '' THEN NOT EXISTS (
    SELECT FROM payments_instrument i WHERE i.kind = 'checking' AND i.key = 'work_type:' || work_type_id)
    ELSE %s = 'work_type:' || work_type_id END
"""


@dataclass(frozen=True, slots=True)
class Change:
    """A change beside the one who reads it: what it is about, what it replaces, what it would say, also in words."""

    person: Person
    key: str
    was: Mapping[str, Any]
    becomes: Mapping[str, Any]
    words: str
    at: datetime


def said(kind: str, person: Person, payload: Payload, *, words: str, at: datetime) -> str:
    """Return what a version of a kind would change for a person; empty where nothing is known to. `words` is its value.

    It is told by the last 28 days of their own work and by what they have ready; a handful of queries.
    """
    tell, becomes = TOLD.get(kind), payload["value"]
    if tell is None or not isinstance(becomes, Mapping):
        return ""
    was = replaced(kind, payload) or {}
    return tell(Change(person, str(payload["key"]), was, becomes, words, at))


def replaced(kind: str, payload: Payload) -> dict[str, Any] | None:
    """Return what the version that a payload replaces says, or what holds for all; None where nothing ever was said."""
    version = int(str(payload["replaces"]))
    before = Instrument.objects.filter(kind=kind, key=str(payload["key"]), version=version).first()
    if before or instruments.stands_alone(str(payload["key"])):
        return json.loads(before.value) if before else None
    return instruments.value_or_none(kind, "")


def units(person: Person, work_type: int | None = None) -> tuple[int, Decimal]:
    """Return how many units somebody did in the last 28 days, of a kind of work or of all, and their seconds."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT coalesce(sum(units), 0), coalesce(sum(seconds), 0) FROM payments_recent_units"
            " WHERE person_id = %s AND (%s::bigint IS NULL OR work_type_id = %s)",
            [person.pk, work_type, work_type],
        )
        done, seconds = cursor.fetchone()
    return int(done), seconds


def _delay(change: Change) -> str:
    ready = ledger.balance(f"member:{change.person.pk}:payable")
    if not ready and not units(change.person)[0]:
        return ""
    words = _("Each payout of yours would rest %(then)s hours before it is sent, and not %(now)s.")
    if ready:
        words = _("What you have ready, %(sum)s, would rest %(then)s hours before it is sent, and not %(now)s.")
    return words % {"sum": money(ready, "USD"), "then": change.becomes["hours"], "now": change.was["hours"]}


def _rounding(change: Change) -> str:
    ready = ledger.balance(f"member:{change.person.pk}:payable")
    steps = {"now": change.was["payout_step"], "then": change.becomes["payout_step"]}
    sums = {name: ready - ready % from_micro(step) for name, step in steps.items()}
    if ready < instruments.payout_terms().minimum or sums["now"] == sums["then"]:
        return ""
    words = _("Of what you have ready, %(sum)s, %(then)s could be paid out, and not %(now)s.")
    return words % {"sum": money(ready, "USD"), **{name: money(sum_, "USD") for name, sum_ in sums.items()}}


def _silence(change: Change) -> str:
    done, _seconds = units(change.person)
    words = _(
        "Where a client says nothing, your answers would be paid after %(then)s days, and not %(now)s. You did"
        " %(units)s in the last 28 days."
    )
    days = {"then": change.becomes["silence_days"], "now": change.was["silence_days"]}
    return words % {"units": done, **days} if done else ""


def _time(change: Change) -> str:
    done, seconds = units(change.person)
    words = _(
        "Your tasks of the last 28 days took %(seconds)s seconds each on average. A job would have to give %(then)s at"
        " least, and not %(now)s."
    )
    said = {"then": change.becomes["least"], "now": change.was["least"]}
    return words % {"seconds": round(seconds / done), **said} if done else ""


def _floor(change: Change) -> str:
    home = f"country:{change.person.country}"
    if change.key not in {"", home}:
        return ""
    # The higher of the two holds.
    beside = instruments.latest(Kind.FLOOR, home if change.key == "" else "")
    other = int(json.loads(beside.value)["micro_an_hour"]) if beside else 0
    now, then = (max(said.get("micro_an_hour", 0), other) for said in (change.was, change.becomes))
    if now == then:
        return ""
    words = _("Where you live an hour of work would have to pay %(then)s at least, and not %(now)s.")
    return words % {name: money(from_micro(sum_), "USD") for name, sum_ in (("then", then), ("now", now))}


def _work(change: Change) -> str:
    done, _seconds = units(change.person, _number(change.key))
    words = _("You did %(units)s of these in the last 28 days. It would be: %(rule)s.")
    return words % {"units": done, "rule": change.words} if done else ""


def _qualification(change: Change) -> str:
    if change.key == instruments.SKILLS:
        return _("Who has a skill keeps it; tests that are begun from then on would be passed so.")
    if change.key.startswith(instruments.ASKS):
        return _work(change)
    was_open, would_be = (_meets(change.person, said) for said in (change.was, change.becomes))
    if was_open and would_be:
        return ""
    if would_be:
        return _("By this it would be open to you.")
    words = _("It would be closed to you until then: you have %(has)s of the %(units)s accepted units of %(of)s.")
    of = WorkType.objects.get(pk=change.becomes["of"])
    return words % {"has": instruments.accepted(change.person, of.pk), "units": change.becomes["units"], "of": of.name}


def _meets(person: Person, said: Mapping[str, Any]) -> bool:
    return not said.get("units") or instruments.accepted(person, said["of"]) >= said["units"]


def _checking(change: Change) -> str:
    if not change.was:
        return ""
    with connection.cursor() as cursor:
        shares = [change.becomes["share"], change.was["share"]]
        cursor.execute(CHECKS, [*shares, change.person.pk, change.at - WINDOW, change.key, change.key])
        paid, would = cursor.fetchone()
    words = _("The checks that you did in the last 28 days paid %(now)s. By this they would have paid about %(then)s.")
    said = {name: money(from_micro(int(sum_)), "USD") for name, sum_ in (("now", paid), ("then", would))}
    return words % said if paid else ""


def _deposit(change: Change) -> str:
    work_type = _number(change.key)
    done, _seconds = units(change.person, work_type)
    if not done or not floors.least_pay(work_type or 0, seconds=1, country=change.person.country):
        return ""
    words = _(
        "Where an hour of yours makes less than the floor, a job's deposit gives up to %(then)s of its wages for it,"
        " and not %(now)s; the fund gives the rest."
    )
    return words % {"then": per_cent(change.becomes["share"]), "now": per_cent(change.was.get("share", 0))}


def _number(key: str) -> int | None:
    """Return the kind of work that a key is about, or None."""
    _before, found, number = key.rpartition("work_type:")
    return int(number) if found else None


TOLD: Mapping[str, Callable[[Change], str]] = {
    Kind.PAYOUT_DELAY: _delay,
    Kind.ROUNDING: _rounding,
    Kind.ACCEPTANCE: _silence,
    Kind.TIME_LIMIT: _time,
    Kind.FLOOR: _floor,
    Kind.ALLOCATION: _work,
    Kind.OPENING: _work,
    Kind.REOPENING: _work,
    Kind.QUALIFICATION: _qualification,
    Kind.CHECKING: _checking,
    Kind.DEPOSIT: _deposit,
}
