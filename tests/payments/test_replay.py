"""A cut is found by replay, never by its label (D4): every disguise is priced before and after, and comes out less."""

import hashlib
import json
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import psycopg
import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from coop import clock
from coop.people.models import Person
from governance import proposals
from governance.models import Mandate, Proposal, Rule
from payments import instruments
from payments.models import Rate, WorkType
from payments.policies import RateChange, impacts
from tests.governance.conftest import support
from tests.payments.conftest import owning

type Attack = Callable[..., None]

QUIET = settings(
    deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
# Twelve people who did 3 to 14 units each, from three countries and a few more.
WORK = """CREATE OR REPLACE VIEW public.payments_replay_units AS
    SELECT t.id AS work_type_id, p.id AS person_id, 90000::bigint AS pay
    FROM (SELECT id, row_number() OVER (ORDER BY id) AS place FROM people_person) p, payments_worktype t,
        generate_series(1, p.place + 2) WHERE p.place <= 12 AND t.slug = 'product-match'"""


@pytest.fixture
def matching(_django_db_helper: None) -> WorkType:
    return WorkType.objects.get(slug="product-match")


@pytest.fixture
def worked(matching: WorkType) -> None:
    """Let twelve people have worked in the last 28 days."""
    with owning(), connection.cursor() as cursor:
        cursor.execute(WORK)


def replay(work_type: WorkType, changed: Mapping[str, object], before: Mapping[str, object] | None = None) -> Any:
    """Price the units and probes of a kind of work under two terms."""
    with owning(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT payments_replay(ARRAY[%s]::bigint[], NULL, %s, %s)::text",
            [work_type.pk, json.dumps(before or {}), json.dumps(changed)],
        )
        return json.loads(cursor.fetchone()[0])


# The attacks' list I: (before, after). Each is the mechanism itself, did any vote or release ever bring it about.
DISGUISES: dict[str, tuple[Mapping[str, object], Mapping[str, object]]] = {
    "I1 a fee half a per cent higher, out of the wage": ({"taken": 0}, {"taken": 50}),
    "I3 a bonus every 120 units instead of every 100": (
        {"bonus_every": 100, "bonus": 500_000}, {"bonus_every": 120, "bonus": 500_000}),
    "I5 an exchange at 0.995": ({}, {"taken": 50}),
    "I7 wages rounded down to the cent": ({"amount": 93_000}, {"amount": 93_000, "wage_step": 10_000}),
    "I11 an estimate of 30 s for what took 45": ({"amount": 90_000, "seconds": 45}, {"amount": 60_000, "seconds": 30}),
    "I13 a guide that takes longer for the same price": ({}, {"seconds": 31}),
    "I15 units that become unpaid": ({}, {"amount": 0}),
    "I17 a higher payout minimum": ({"minimum": 1_000_000}, {"minimum": 2_000_000}),
    "I17 a later payout day": ({"delay_hours": 0}, {"delay_hours": 1}),
    "I17 payouts in coarser steps": ({"payout_step": 10_000}, {"payout_step": 50_000}),
    "I19 a lower base after a surge": ({"amount": 120_000}, {"amount": 89_999}),
    "I23 an edit that pays a fifth of the work": ({}, {"amount": 18_000}),
    "I25 tax taken at the source": ({}, {"taken": 1}),
    "a millionth less": ({}, {"amount": 89_999}),
}  # fmt: skip


@pytest.mark.parametrize(("before", "after"), DISGUISES.values(), ids=DISGUISES.keys())
def test_every_disguise_is_found_to_be_a_cut(
    matching: WorkType, before: Mapping[str, object], after: Mapping[str, object]
) -> None:
    assert replay(matching, after, before)["cut"]


@pytest.mark.parametrize(
    "after", [{}, {"amount": 90_001}, {"amount": 180_000, "seconds": 60}, {"minimum": 0}, {"seconds": 29}]
)
def test_what_lowers_nobodys_pay_is_no_cut(matching: WorkType, worked: None, after: Mapping[str, object]) -> None:
    assert not replay(matching, after)["cut"]


def test_the_probes_find_what_no_past_unit_shows(matching: WorkType, worked: None) -> None:
    rounded = replay(matching, {"bonus_every": 200, "bonus": 1_000_000}, {"bonus_every": 150, "bonus": 1_000_000})
    assert rounded["losing"] == 0
    assert rounded["probes"]["lower"] > 0
    assert rounded["cut"]


def test_who_loses_how_much_is_told_by_half_and_country_and_never_by_name(matching: WorkType, worked: None) -> None:
    found = replay(matching, {"amount": 80_000})
    assert (found["people"], found["losing"], found["units"]) == (12, 12, sum(range(3, 15)))
    assert Decimal(found["difference"]) == Decimal("-0.01") * sum(range(3, 15))
    assert [Decimal(sum_) for sum_ in found["quarters"]] == [Decimal("-0.09")]
    assert all(people >= 5 for _country, people, _sum in found["countries"])
    assert sum(people for _country, people, _sum in found["countries"]) == 12


def test_few_people_are_not_told_apart(matching: WorkType, worked: None) -> None:
    with owning(), connection.cursor() as cursor:
        cursor.execute(WORK.replace("p.place <= 12", "p.place <= 4"))
    found = replay(matching, {"amount": 80_000})
    assert found["people"] == 4
    assert found["quarters"] == found["countries"] == []


def test_a_unit_paid_above_the_rate_keeps_what_the_client_added(matching: WorkType, worked: None) -> None:
    with owning(), connection.cursor() as cursor:
        cursor.execute(WORK.replace("90000::bigint", "95000::bigint"))
    assert Decimal(replay(matching, {"amount": 93_000})["difference"]) == 0
    assert Decimal(replay(matching, {"amount": 96_000})["difference"]) == Decimal("0.001") * sum(range(3, 15))
    assert replay(matching, {"amount": 89_000})["losing"] == 12


@QUIET
@given(
    amount=st.integers(1, 10**9), amount2=st.integers(1, 10**9), seconds=st.integers(1, 10**5),
    seconds2=st.integers(1, 10**5),
)  # fmt: skip
def test_the_replay_agrees_with_exact_fractions(
    matching: WorkType, amount: int, amount2: int, seconds: int, seconds2: int
) -> None:
    less = amount2 < amount or Fraction(amount2, seconds2) < Fraction(amount, seconds)
    free = {"minimum": 0, "payout_step": 1}
    found = replay(
        matching, {"amount": amount2, "seconds": seconds2} | free, {"amount": amount, "seconds": seconds} | free
    )
    assert found["cut"] == less


# At publication the database prints the impact itself and finds the rule itself.


def drafted(work_type: WorkType, amount: str, by: Person, seconds: int = 30) -> Proposal:
    payload = {
        "work_type": work_type.pk, "amount": amount, "currency": "USD", "estimated_seconds": seconds, "replaces": 1,
    }  # fmt: skip
    title = "A raise for everybody!"
    return support(proposals.draft(policy="rate_change", payload=payload, title=title, text="…", by=by, at=clock.now()))


PUBLISH = "UPDATE governance_proposal SET published_at = coop_now(), {} WHERE id = %s"


@pytest.mark.parametrize("rule", ["N1", "N10", "N14"])
def test_a_deep_cut_called_a_raise_is_not_published(
    matching: WorkType, amina: Person, attack: Attack, rule: str
) -> None:
    draft = drafted(matching, "0.06", amina)
    milder = Rule.objects.get(key=rule, version=1).pk
    attack(PUBLISH.format(f"rule_id = {milder}"), [draft.pk], guard="impact_is_computed_by_the_database")


def test_a_made_up_impact_is_replaced_by_the_databases_own(matching: WorkType, amina: Person, worked: None) -> None:
    draft = drafted(matching, "0.08", amina)
    with connection.cursor() as cursor:
        cursor.execute(PUBLISH.format('impact = \'{"difference":"1000"}\''), [draft.pk])
    draft.refresh_from_db()
    said = json.loads(draft.impact)
    assert Decimal(said["difference"]) == Decimal("-0.01") * sum(range(3, 15))
    assert said["rule"] == draft.rule.key == "N2"
    assert draft.impact == instruments.canonical(said)
    assert hashlib.sha256(proposals.canonical_text(draft).encode()).hexdigest() == draft.digest


def test_the_page_is_told_what_the_database_will_print(matching: WorkType, amina: Person, worked: None) -> None:
    draft = drafted(matching, "0.08", amina)
    published = proposals.publish(draft, by=amina, at=clock.now())
    assert published.impact == draft.impact
    words = dict(impacts.lines(json.loads(published.impact)))
    assert words["Is it a cut?"] == "Yes, by rule N2."
    assert words["People who would be paid less, later or for longer work"] == "12"
    assert words["Beside the best pay of the last 12 months"] == "\u221211.1%"
    fingerprint = hashlib.sha256(published.impact.encode()).hexdigest()
    assert fingerprint.startswith(words["Fingerprint of these figures"])


def test_a_vote_is_not_published_in_the_name_of_others(matching: WorkType, amina: Person, attack: Attack) -> None:
    draft = drafted(matching, "0.12", amina)
    other = "subject = 'work_type:999'"
    attack(PUBLISH.format(other), [draft.pk], guard="impact_is_computed_by_the_database")


def test_no_environment_and_no_setting_changes_a_replay(
    matching: WorkType, worked: None, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    before = replay(matching, {"amount": 80_000})
    for name in ("PAY", "RATE", "FEE", "PAYOUT_MINIMUM", "WORKHALL_RATE", "WORKHALL_FEE"):
        monkeypatch.setenv(name, "0.01")
        setattr(settings, name, "0.01")
    settings.PAYMENTS_DUE = []
    assert replay(matching, {"amount": 80_000}) == before
    with connection.cursor() as cursor:
        cursor.execute("SET workhall.rate = '0.01'")
    assert replay(matching, {"amount": 80_000}) == before


# High-water marks (D7).

RATE = """INSERT INTO payments_rate (work_type_id, version, amount, currency, estimated_seconds, mandate_id, since)
    VALUES (%s, %s, %s, 'USD', %s, %s, %s)"""
UNGUARDED = "ALTER TABLE payments_rate {} TRIGGER rate_is_what_the_vote_said"


@pytest.fixture
def rated(matching: WorkType, now: datetime) -> Callable[[int, int, int], None]:
    """Return a function that writes a past rate: version, micro-units, days ago."""
    mandate = Mandate.objects.get(proposal=None)

    def write(version: int, micro: int, days: int, seconds: int = 30) -> None:
        with owning(), connection.cursor() as cursor:
            cursor.execute(UNGUARDED.format("DISABLE"))
            cursor.execute("ALTER TABLE payments_rate DROP CONSTRAINT IF EXISTS one_rate_per_mandate")
            cursor.execute(RATE, [matching.pk, version, micro, seconds, mandate.pk, now - timedelta(days=days)])
            cursor.execute(UNGUARDED.format("ENABLE ALWAYS"))

    return write


def test_small_steps_are_measured_from_the_top(matching: WorkType, rated: Callable[..., None]) -> None:
    rated(2, 86_400, 200)
    rated(3, 82_900, 100)
    change = {"work_type": matching.pk, "amount": "0.0795", "currency": "USD", "estimated_seconds": 30, "replaces": 3}
    assert RateChange().rule_key(change) == "N2"
    assert RateChange().rule_key(change | {"amount": "0.0764"}) == "N3"


def test_a_mark_is_forgotten_after_twelve_months(matching: WorkType, rated: Callable[..., None]) -> None:
    rated(2, 86_400, 380)
    change = {"work_type": matching.pk, "amount": "0.0825", "currency": "USD", "estimated_seconds": 30, "replaces": 2}
    assert RateChange().rule_key(change) == "N1"


def test_the_measured_hour_counts_where_it_was_measured(
    matching: WorkType, rated: Callable[..., None], superuser: psycopg.Connection
) -> None:
    rated(2, 90_000, 10)
    first, second = Rate.objects.filter(work_type=matching).order_by("version")
    with owning(), connection.cursor() as cursor:
        # Under the second rate a unit takes 40 s where it took 30: the hour has fallen by a quarter already.
        cursor.execute(f"""CREATE OR REPLACE VIEW public.payments_time_under_rate AS
            SELECT id AS rate_id, 25::bigint AS units, CASE id WHEN {first.pk} THEN 30 ELSE 40 END::bigint
                AS median_seconds FROM payments_rate""")
    change = {"work_type": matching.pk, "amount": "0.0899", "currency": "USD", "estimated_seconds": 30, "replaces": 2}
    assert RateChange().rule_key(change) == "N3"
    assert RateChange().rule_key(change | {"amount": "0.0901"}) == "N10"
    assert second.version == 2
