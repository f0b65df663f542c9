"""The report of a change says what its rule says, and what gets worse for whom: never that nothing does (P9)."""

import hashlib
import html
import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from django.db import connection
from django.test import Client as Browser

from coop import clock
from coop.people.models import Client, Person
from governance import policies, proposals
from payments.models import Kind, WorkType
from payments.policies import impacts
from tests.governance.conftest import electors, reach
from tests.payments.conftest import in_full, owning
from tests.payments.test_replay import WORK
from tests.payments.test_versions import LOWER_FEE, published, work

pytestmark = pytest.mark.django_db
HIGHER_FEE = LOWER_FEE | {"on_wage": 1100}
LOSE = "People who would be paid less, later or for longer work"
# What is worse in each: the kind, what it is about, its value, and a part of what the report says.
WORSE: list[tuple[str, str, dict[str, object], str]] = [
    (Kind.PAYOUT_MINIMUM, "", {"micro": 2_000_000}, "can be paid out at once"),
    (Kind.PAYOUT_DELAY, "", {"hours": 5}, "rests longer"),
    (Kind.ROUNDING, "", {"wage_step": 1, "payout_step": 50_000}, "waits for the next payout"),
    (Kind.ACCEPTANCE, "", {"silence_days": 7}, "is paid later"),
    (Kind.TIME_LIMIT, "", {"least": 30}, "less time for a task"),
    (Kind.FLOOR, "country:KE", {"micro_an_hour": 1_000_000}, "may pay less there"),
    (Kind.DEPOSIT, "", {"share": 100}, "deposit less"),
    (Kind.CHECKING, "", {"share": 2_000}, "Whoever checks"),
    (Kind.REOPENING, "client/work", {"micro": 95_000}, "open such work again for less"),
]
# What stood before, so that each of them is less.
STOOD = [
    (Kind.ACCEPTANCE, "", '{"silence_days":3}'), (Kind.TIME_LIMIT, "", '{"least":60}'),
    (Kind.FLOOR, "country:KE", '{"micro_an_hour":2000000}'), (Kind.DEPOSIT, "", '{"share":500}'),
]  # fmt: skip


@pytest.fixture
def stood(db: None) -> None:
    """Let the cooperative have voted better before, and twelve people have worked in the last 28 days."""
    with owning(), connection.cursor() as cursor:
        cursor.execute("ALTER TABLE payments_instrument DISABLE TRIGGER USER")
        for kind, key, value in STOOD:
            cursor.execute(
                "INSERT INTO payments_instrument (kind, key, version, value, mandate_id, since)"
                " SELECT %s, %s, 9, %s, id, coop_now() FROM governance_mandate WHERE proposal_id IS NULL",
                [kind, key, value],
            )
        cursor.execute(WORK)


def payload(key: str, value: Mapping[str, object], orbit: Client) -> dict[str, Any]:
    about = f"client:{orbit.pk}/{work()}" if key == "client/work" else key
    return {"key": about, "value": dict(value), "replaces": 9}


@pytest.mark.parametrize(("kind", "key", "value", "said"), WORSE)
def test_what_is_decided_like_a_cut_is_called_one(
    stood: None, orbit: Client, kind: str, key: str, value: dict[str, object], said: str
) -> None:
    policy = policies.find(kind)
    change = payload(key, value, orbit)
    impact = policy.impact(change, clock.now())
    told = dict(policy.impact_lines(impact))
    assert (policy.rule_key(change), impact["rule"], impact["cut"]) == ("N3", "N3", True)
    assert told["Is it a cut?"] == "Yes, by rule N3."
    assert said in told["What gets worse"]
    assert told.get(LOSE) != "0"


@pytest.mark.parametrize(("kind", "value"), [
    (Kind.ACCEPTANCE, {"silence_days": 2}), (Kind.TIME_LIMIT, {"least": 61}), (Kind.DEPOSIT, {"share": 501}),
    (Kind.CHECKING, {"share": 3_001}), (Kind.PAYOUT_MINIMUM, {"micro": 0}),
])  # fmt: skip
def test_what_is_better_for_all_is_none(stood: None, orbit: Client, kind: str, value: dict[str, object]) -> None:
    policy = policies.find(kind)
    told = dict(policy.impact_lines(policy.impact(payload("", value, orbit), clock.now())))
    assert told["Is it a cut?"] == "No: nothing pays less, later or for longer work."
    assert "What gets worse" not in told


@pytest.mark.parametrize(("kind", "value"), [
    (Kind.ACCEPTANCE, {"silence_days": 4}), (Kind.PAYOUT_DELAY, {"hours": 1}),
])  # fmt: skip
def test_whoever_waits_longer_counts_among_those_who_lose(
    stood: None, orbit: Client, kind: str, value: dict[str, object]
) -> None:
    found = impacts.replayed(kind, payload("", value, orbit))
    assert (found["people"], found["losing"], found["worse_time"]) == (12, 12, True)


def test_a_longer_time_for_the_same_pay_counts_too(stood: None, db: None) -> None:
    matching = WorkType.objects.get(slug="product-match").pk
    change = {"work_type": matching, "amount": "0.09", "currency": "USD", "estimated_seconds": 31, "replaces": 1}
    found = impacts.replayed("rate_change", change)
    assert (found["losing"], found["difference"]) == (12, "0")


def test_a_higher_fee_takes_nothing_from_a_wage_and_is_decided_like_a_cut(db: None) -> None:
    policy = policies.find("fee_change")
    told = dict(policy.impact_lines(policy.impact(HIGHER_FEE, clock.now())))
    assert told["Is it a cut?"] == "No unit pays less. It is decided like one, by rule N3."
    assert "What is earned stays the same." in told["What gets worse"]
    told = dict(policy.impact_lines(policy.impact(LOWER_FEE, clock.now())))
    assert told["Is it a cut?"] == "No: nothing pays less, later or for longer work."


def test_who_is_offered_what_is_no_cut_and_is_said(stood: None, orbit: Client) -> None:
    policy = policies.find(Kind.ALLOCATION)
    change = payload(work(), {"order": "first_come", "most_a_day": 1}, orbit)
    told = dict(policy.impact_lines(policy.impact(change, clock.now())))
    assert told["What it changes"] == "Who is offered how much of this work. A unit pays what it paid."


def test_a_qualification_counts_who_did_the_work_and_could_not_take_it(stood: None, orbit: Client) -> None:
    policy, comparing = policies.find(Kind.QUALIFICATION), WorkType.objects.get(slug="compare-answers").pk
    for units, shut_out in ((3, "12"), (0, "0")):
        change = payload(work(), {"of": comparing if units else 0, "units": units}, orbit)
        told = dict(policy.impact_lines(policy.impact(change, clock.now())))
        assert told["People who did it and could not take it any more"] == shut_out
        assert told["Is it a cut?"] == "No: nothing pays less, later or for longer work."


def test_whoever_has_what_is_asked_is_not_counted(
    paid: Callable[[Person], object], amina: Person, priya: Person
) -> None:
    for person, times in ((amina, 3), (priya, 2)):
        for _turn in range(times):
            paid(person)
    with owning(), connection.cursor() as cursor:
        cursor.execute(
            "CREATE OR REPLACE VIEW payments_replay_units AS SELECT t.id AS work_type_id, p.id AS person_id,"
            " 90000::bigint AS pay FROM people_person p, payments_worktype t WHERE t.slug = 'compare-answers'"
            f" AND p.id IN ({amina.pk}, {priya.pk})"
        )
    of = WorkType.objects.get(slug="product-match").pk
    for units, shut_out in ((2, 0), (3, 1), (4, 2)):
        change = {"key": work("compare-answers"), "value": {"of": of, "units": units}, "replaces": 0}
        assert in_full(Kind.QUALIFICATION, change)["shut_out"] == shut_out
        assert impacts.replayed(Kind.QUALIFICATION, change)["shut_out"] == (None if shut_out else 0)
    for most, over in ((0, 0), (1, 2), (2, 1), (3, 0)):
        said = {"key": work(), "value": {"order": "first_come", "most_a_day": most}, "replaces": 0}
        assert in_full(Kind.ALLOCATION, said)["over"] == over
        told = dict(policies.find(Kind.ALLOCATION).impact_lines(impacts.replayed(Kind.ALLOCATION, said)))
        assert told.get("People who took more than that in the last day") == ("fewer than five" if over else None)


def test_only_those_of_the_region_are_counted_for_its_floor(stood: None, orbit: Client) -> None:
    there = Person.objects.filter(country="KE", pk__in=_workers()).count()
    found = in_full(Kind.FLOOR, payload("country:KE", {"micro_an_hour": 1_000_000}, orbit))
    assert 0 < there < 12
    assert found["people"] == there


def _workers() -> list[int]:
    with owning(), connection.cursor() as cursor:
        cursor.execute("SELECT DISTINCT person_id FROM payments_replay_units")
        return [person for (person,) in cursor.fetchall()]


def test_the_pages_say_it_to_author_and_readers(amina: Person, signed_in: Callable[[Person], Browser]) -> None:
    browser = signed_in(amina)
    sent = {"days": 7, "title": "Shall silence accept after a raised number of days?", "text": "A raise of patience."}
    longer: dict[str, object] = {"key": "", "value": {"hours": 5}, "replaces": 1}
    vote = published(Kind.PAYOUT_DELAY, longer, amina)
    page = html.unescape(browser.get(f"/votes/{vote.pk}/").text)
    assert "Yes, by rule N3." in page
    assert "Every payout rests longer before it is sent." in page
    checked = html.unescape(browser.post("/votes/new/payout_delay/check/", {**sent, "hours": 5}).text)
    assert "Every payout rests longer before it is sent." in checked
    assert "Worked out by the platform, it is a cut." in checked


def test_ballot_and_check_print_the_impact_whose_hash_is_in_the_id(
    stood: None, amina: Person, signed_in: Callable[[Person], Browser]
) -> None:
    change = {
        "work_type": WorkType.objects.get(slug="product-match").pk, "amount": "0.087", "currency": "USD",
        "estimated_seconds": 30, "replaces": 1,
    }  # fmt: skip
    vote = published("rate_change", change, amina)
    voter = signed_in(electors(vote)[0])
    reach(vote.opens_at)
    ballot = voter.get(f"/votes/{vote.pk}/ballot/")
    check = voter.post(f"/votes/{vote.pk}/ballot/", {"choice": "yes"})
    assert "You chose" in check.text
    for page in (ballot, check):
        read = " ".join(html.unescape(page.text).split())
        for label, value in impacts.lines(json.loads(vote.impact)):
            assert " ".join(f"<dt>{label}</dt> <dd> {value} </dd>".split()) in read
        assert "No: nothing" not in read
        assert hashlib.sha256(vote.impact.encode()).hexdigest()[: impacts.FINGERPRINT] in read
    assert hashlib.sha256(proposals.canonical_text(vote).encode()).hexdigest() == vote.digest
