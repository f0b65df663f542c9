"""The usual pay of an hour stays above the floor of its region, whatever the vote (E4)."""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal

import pytest
from django.db import connection

from coop import clock
from coop.people.models import Person
from governance import mandates, policies, proposals
from governance.models import Rule
from payments import floors, rates
from payments.models import Kind, WorkType
from payments.policies import RateChange
from tests.governance.conftest import support
from tests.payments.conftest import owning
from tests.payments.test_policies import change, voted
from tests.payments.test_registry import found
from tests.payments.test_replay import PUBLISH

type Attack = Callable[..., None]

# Everybody of the founding did this work yesterday.
ENGAGED = """CREATE OR REPLACE VIEW public.governance_engagement AS
    SELECT 'work_type:' || t.id AS subject, p.id AS person_id, public.coop_now() - interval '1 day' AS last_at
    FROM payments_worktype t, people_person p WHERE t.slug = 'product-match'
    UNION ALL SELECT 'country:' || p.country, p.id, public.coop_now() FROM people_person p"""
MEASURED = """CREATE OR REPLACE VIEW public.payments_measured_time AS
    SELECT t.id AS work_type_id, 20::bigint AS units, 5::bigint AS people, {}::numeric AS median_seconds,
        20::numeric AS q1, 40::numeric AS q3 FROM payments_worktype t"""


@pytest.fixture
def matching(_django_db_helper: None) -> WorkType:
    with owning(), connection.cursor() as cursor:
        cursor.execute(ENGAGED)
    return WorkType.objects.get(slug="product-match")


def floor(now: datetime, dollars: int, country: str = "KE") -> None:
    """Let a region have a floor, as the founding meeting could have said."""
    with owning():
        found(Kind.FLOOR, f"country:{country}", {"micro_an_hour": dollars * 1_000_000}, now)


def measured(seconds: str) -> None:
    with owning(), connection.cursor() as cursor:
        cursor.execute(MEASURED.format(seconds))


def test_without_a_floor_nothing_is_below_it(matching: WorkType) -> None:
    assert floors.least_pay(matching.pk) == 0


def test_the_least_pay_is_exact_and_rounded_up(matching: WorkType, now: datetime) -> None:
    floor(now, 11)
    assert floors.least_pay(matching.pk) == Decimal("0.091667")
    assert floors.refusal(matching.pk, Decimal("0.091667")) is None
    assert floors.refusal(matching.pk, Decimal("0.091666"))
    assert floors.least_pay(matching.pk, country="VE") == 0


def test_a_region_where_nobody_does_the_work_sets_no_floor_for_others(matching: WorkType, now: datetime) -> None:
    floor(now, 100, "SE")
    assert floors.least_pay(matching.pk) == 0
    assert floors.least_pay(matching.pk, country="SE") > 0


@pytest.mark.parametrize(("median", "seconds", "least"), [
    ("40", None, "0.122223"), ("40", 20, "0.122223"), ("40", 45, "0.183334"), ("20.5", 15, "0.062639"),
])  # fmt: skip
def test_the_measured_time_counts_and_a_longer_vote_at_once(
    matching: WorkType, now: datetime, median: str, seconds: int | None, least: str
) -> None:
    floor(now, 11)
    measured(median)
    assert floors.least_pay(matching.pk, seconds=seconds) == Decimal(least)


@pytest.mark.parametrize("seconds", [1, 15, 29])
def test_a_shorter_estimate_alone_lifts_nobody_above_a_floor(matching: WorkType, now: datetime, seconds: int) -> None:
    floor(now, 11)
    assert floors.least_pay(matching.pk, seconds=seconds) == Decimal("0.091667")
    assert [no.rule for no in RateChange().problems(change(matching, "0.0915", seconds))] == ["E4"]


@pytest.mark.parametrize(("amount", "seconds"), [("0.0916", 30), ("0.091666", 30), ("0.1", 36), ("0.05", 5)])
def test_no_vote_is_put_that_goes_below_the_floor(
    matching: WorkType, amina: Person, now: datetime, attack: Attack, amount: str, seconds: int
) -> None:
    draft = support(proposals.draft(
        policy="rate_change", payload=change(matching, amount, seconds), title="?", text="…", by=amina, at=now
    ))  # fmt: skip
    floor(now, 11)
    rule = Rule.objects.get(key="N3", version=1).pk
    attack(PUBLISH.format(f"rule_id = {rule}"), [draft.pk], guard="no_vote_goes_below_the_floor")


def test_a_rate_that_fell_below_the_floor_since_its_vote_fails(
    matching: WorkType, amina: Person, attack: Attack
) -> None:
    mandate = voted(change(matching, "0.095"), amina)
    floor(clock.now(), 12)
    attack(
        """INSERT INTO payments_rate (work_type_id, version, amount, currency, estimated_seconds, mandate_id, since)
        VALUES (%s, 2, 95000, 'USD', 30, %s, coop_now())""",
        [matching.pk, mandate.pk],
        guard="rate_keeps_above_the_floor",
    )
    assert "floor" in mandates.enact(mandate, at=clock.now()).failure
    assert rates.current(matching).version == 1


def test_a_vote_above_the_floor_is_not_ticked_off_as_failed(matching: WorkType, amina: Person, attack: Attack) -> None:
    mandate = voted(change(matching, "0.095"), amina)
    floor(clock.now(), 11)
    failed = "INSERT INTO governance_enactment (mandate_id, at, failure) VALUES (%s, coop_now(), 'no')"
    attack(failed, [mandate.pk], guard="enactment_wrote_the_rate_it_says")


@pytest.mark.parametrize(("dollars", "rule"), [(4, "N10"), (10, "N10"), (11, "N6"), (1000, "N6")])
def test_a_floor_that_takes_work_from_a_region_is_voted_there(matching: WorkType, dollars: int, rule: str) -> None:
    """Raised above what is paid, it would shut its people out: that is closing the region by another name (N6)."""
    policy = policies.find(Kind.FLOOR)
    payload = {"key": "country:KE", "value": {"micro_an_hour": dollars * 1_000_000}, "replaces": 0}
    assert (policy.rule_key(payload), policy.subject(payload)) == (rule, "country:KE")


def test_a_lower_floor_is_decided_by_n3(matching: WorkType, now: datetime) -> None:
    floor(now, 4)
    payload = {"key": "country:KE", "value": {"micro_an_hour": 3_999_999}, "replaces": 1}
    assert policies.find(Kind.FLOOR).rule_key(payload) == "N3"
