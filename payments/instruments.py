"""The registry of instruments: everything that changes what a member earns, is offered or may do (D3).

Pay and access read these and nothing else; `tests/payments/test_registry.py` walks the code and says so. Rates and the
fee are tables of their own, the unit and the estimate their columns; everything else is a row of `Instrument`.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.db import connection
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from coop.people.models import Person
from coop.refusals import Refusal
from payments.models import Instrument, Kind, WorkType
from payments.money import from_micro

# Each kind of instrument and where it stands.
REGISTRY: Mapping[str, str] = {
    "rate": "payments_rate.amount",
    "estimate": "payments_rate.estimated_seconds",
    "unit": "payments_worktype.unit",
    "fee": "payments_fee",
    **dict.fromkeys(Kind.values, "payments_instrument"),
}
# About what the instrument of qualification says how the tests of skills are passed, and when they are taken again.
SKILLS = "skills"
# And which skills the jobs of a kind of work may ask for, which stands apart from what opens it.
ASKS = "asks/"
# What the founding meeting decides when it says nothing else: (kind, key) and its value.
FIRST: Mapping[tuple[str, str], Mapping[str, object]] = {
    (Kind.ROUNDING, ""): {"wage_step": 1, "payout_step": 10_000},
    (Kind.CURRENCY, ""): {"codes": ["USD"]},
    (Kind.BONUS, ""): {"every": 0},
    (Kind.TIME_LIMIT, ""): {"least": 1},
    (Kind.ACCEPTANCE, ""): {"silence_days": 7},
    (Kind.ALLOCATION, ""): {"order": "first_come", "most_a_day": 0},
    (Kind.QUALIFICATION, ""): {"of": 0, "units": 0},
    (Kind.QUALIFICATION, SKILLS): {"drawn": 5, "right": 4, "again_days": 7},
    (Kind.REGION, ""): {"open": True},
    (Kind.CLIENT_BLOCK, ""): {"by": "case"},
    (Kind.PAYOUT_MINIMUM, ""): {"micro": 1_000_000},
    (Kind.PAYOUT_DELAY, ""): {"hours": 0},
    (Kind.FLOOR, ""): {"micro_an_hour": 0},
    (Kind.RAIL, "rail:by_hand"): {"open": True},
    (Kind.RAIL, "rail:bank"): {"open": True},
    (Kind.OPENING, ""): {"open": True, "notice_days": 0},
    (Kind.CHECKING, ""): {"share": 3_000},
}
BY_HAND = "by_hand"
OPENINGS = """
SELECT k.id, (i.said ->> 'of')::bigint, (i.said ->> 'units')::integer, coalesce(d.accepted, 0)::integer
FROM (
    SELECT DISTINCT ON (n.key) n.key, n.value::jsonb AS said FROM payments_instrument n
    WHERE n.kind = 'qualification' ORDER BY n.key, n.version DESC
) i
JOIN payments_worktype k ON i.key = 'work_type:' || k.id
LEFT JOIN payments_units_done d ON d.work_type_id = (i.said ->> 'of')::bigint AND d.person_id = %(person)s
WHERE i.said ->> 'units' <> '0' ORDER BY k.id
"""


def canonical(value: Mapping[str, object]) -> str:
    """Return the one JSON text of a value: keys sorted, no spaces."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def stands_alone(key: str) -> bool:
    """Tell whether an instrument says something of its own, so that what holds for all says nothing about it."""
    return key == SKILLS or key.startswith(ASKS)


def value(kind: str, key: str = "") -> dict[str, Any]:
    """Return what an instrument says now: about this key, else about all. LookupError if it says nothing."""
    found = latest(kind, key) or (latest(kind, "") if key and not stands_alone(key) else None)
    if found is None:
        message = f"there is no instrument {kind} {key}"
        raise LookupError(message)
    said: dict[str, Any] = json.loads(found.value)
    return said


def value_or_none(kind: str, key: str = "") -> dict[str, Any] | None:
    """Return what an instrument says now, or None where nothing was ever said."""
    try:
        return value(kind, key)
    except LookupError:
        return None


def latest(kind: str, key: str = "") -> Instrument | None:
    """Return the version in force of exactly this instrument, or None."""
    return Instrument.objects.filter(kind=kind, key=key).order_by("-version").first()


def history(kind: str, key: str = "") -> list[Instrument]:
    """Return every version, newest first, with the vote behind each."""
    versions = Instrument.objects.filter(kind=kind, key=key).select_related("mandate__proposal")
    return list(versions.order_by("-version"))


def in_force() -> list[Instrument]:
    """Return the version in force of every instrument; one query."""
    newest = Instrument.objects.order_by("kind", "key", "-version").distinct("kind", "key")
    return list(newest.select_related("mandate__proposal"))


@dataclass(frozen=True, slots=True)
class PayoutTerms:
    """How money is paid out now: at least `minimum`, in steps of `step` (US dollars), after `delay`, if `is_open`.

    What is finer than a step stays with the member; a payout rests for 72 hours at most (E3).
    """

    minimum: Decimal
    step: Decimal
    delay: timedelta
    is_open: bool


def payout_terms(rail: str = BY_HAND) -> PayoutTerms:
    """Return how money is paid out now by a rail; one query."""
    return payout_terms_of(rail)[rail]


def payout_terms_of(*rails: str) -> dict[str, PayoutTerms]:
    """Return how money is paid out now by each of these rails; one query. A rail nobody voted on is closed."""
    kinds = (Kind.PAYOUT_MINIMUM, Kind.ROUNDING, Kind.PAYOUT_DELAY, Kind.RAIL)
    keys = ("", *(f"rail:{rail}" for rail in rails))
    newest = Instrument.objects.filter(kind__in=kinds, key__in=keys).order_by("kind", "key", "-version")
    said: dict[str, Any] = {}
    opened: dict[str, bool] = {}
    for one in newest.distinct("kind", "key"):
        value = json.loads(one.value)
        said |= value
        opened[one.key] = value.get("open", False)
    minimum, step, delay = from_micro(said["micro"]), from_micro(said["payout_step"]), timedelta(hours=said["hours"])
    return {rail: PayoutTerms(minimum, step, delay, opened.get(f"rail:{rail}", False)) for rail in rails}


def refusal(person: Person, work_type: WorkType) -> Refusal | None:
    """Say why a kind of work is not open to a person by what the members voted, or nothing: it is open to everybody.

    The database decides (`payments_opens_to`); this finds the words.
    """
    if opens_to(person, work_type):
        return None
    if not value(Kind.REGION, f"country:{person.country}")["open"]:
        return Refusal(
            _("The members have closed your region."),
            "N6",
            _("Your pay stays yours; any member can propose to open it."),
        )
    needs = value(Kind.QUALIFICATION, f"work_type:{work_type.pk}")
    if needs["units"] and accepted(person, needs["of"]) < needs["units"]:
        words = _("This work opens after %(units)s accepted units of %(of)s.")
        first = WorkType.objects.get(pk=needs["of"])
        return Refusal(words % {"units": needs["units"], "of": first.name}, "N9", _("Each of those is paid work."))
    return Refusal(
        _("You have taken as much of this work today as the members share out to each."), "N9",
        _("It opens again tomorrow. See the other jobs."), status=409,
    )  # fmt: skip


def opens_to(person: Person, work_type: WorkType) -> bool:
    """Tell whether a kind of work is open to a person by every instrument."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT payments_opens_to(%s, %s)", [person.pk, work_type.pk])
        (opens,) = cursor.fetchone()
    return bool(opens)


@dataclass(frozen=True, slots=True)
class Opening:
    """A kind of work that a vote opens after accepted `units` of another one, and how many somebody has `done`."""

    kind: WorkType
    of: WorkType
    units: int
    done: int

    @property
    def is_open(self) -> bool:
        """Tell whether they have done enough."""
        return self.done >= self.units


def openings(person: Person) -> list[Opening]:
    """Return the kinds of work that accepted units of another open, and how far somebody is; two queries."""
    with connection.cursor() as cursor:
        cursor.execute(OPENINGS, {"person": person.pk})
        rows = cursor.fetchall()
    kinds = WorkType.objects.in_bulk({number for kind, of, *_numbers in rows for number in (kind, of)}) if rows else {}
    return [Opening(kinds[kind], kinds[of], units, done) for kind, of, units, done in rows]


def skills_named() -> dict[int, str]:
    """Return the skills that a vote can name, by their numbers, in the reader's language; one query."""
    column = "name_es" if (get_language() or "").startswith("es") else "name"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT id, {column} FROM payments_skills_named ORDER BY id")  # noqa: S608 - our own
        return dict(cursor.fetchall())


def takes_jobs(work_type: WorkType) -> bool:
    """Tell whether new jobs of this kind of work may open: a vote can close it, after its notice."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT payments_takes_jobs(%s)", [work_type.pk])
        (takes,) = cursor.fetchone()
    return bool(takes)


def accepted(person: Person, work_type: int) -> int:
    """Return how many units of a kind of work somebody ever had accepted."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT coalesce(sum(accepted), 0) FROM payments_units_done WHERE work_type_id = %s AND person_id = %s",
            [work_type, person.pk],
        )
        (units,) = cursor.fetchone()
    return int(units)
