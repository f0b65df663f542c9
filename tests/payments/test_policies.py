from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from random import Random
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from coop import clock
from coop.people.models import Person
from coop.refusals import Refused
from governance import mandates, proposals, voting
from governance.models import Mandate, Proposal
from governance.policy import Stale
from payments import rates
from payments.forms import NewRate
from payments.models import Rate, WorkType
from payments.money import from_micro, plain, to_micro
from payments.policies import RateChange
from tests.governance.conftest import cast_all, reach, support
from tests.payments.conftest import owning

POLICY = RateChange()


@pytest.fixture
def matching(db: None) -> WorkType:
    return WorkType.objects.get(slug="product-match")


def change(work_type: WorkType, amount: str, seconds: int = 30, **facts: object) -> dict[str, object]:
    rate = rates.current(work_type)
    return {
        "work_type": work_type.pk, "amount": amount, "currency": "USD", "estimated_seconds": seconds,
        "replaces": rate.version, **facts,
    }  # fmt: skip


def voted(payload: dict[str, object], by: Person, *, yes: int = 30, no: int = 0) -> Mandate:
    """Take a new rate through its vote, to the moment its mandate is due."""
    draft = proposals.draft(policy="rate_change", payload=payload, title="A new rate", text="…", by=by, at=clock.now())
    proposal = proposals.publish(support(draft), by=by, at=clock.now())
    cast_all(proposal, yes=yes, no=no)
    voting.close(proposal, at=reach(proposal.closes_at))
    mandate = Mandate.objects.get(proposal=proposal)
    reach(mandate.due_at)
    return mandate


def test_a_raise_is_voted_and_becomes_the_rate(matching: WorkType, amina: Person) -> None:
    mandate = voted(change(matching, "0.12"), amina)
    assert not mandates.enact(mandate, at=clock.now()).failure
    rate = rates.current(matching)
    assert (rate.amount, rate.version, rate.mandate) == (Decimal("0.12"), 2, mandate)
    assert mandate.proposal is not None
    assert mandate.proposal.rule.key == "N10"


def test_a_small_cut_goes_by_n1_and_holds_only_after_its_lock(matching: WorkType, amina: Person) -> None:
    payload = change(matching, "0.086")
    draft = proposals.draft(policy="rate_change", payload=payload, title="A cut", text="…", by=amina, at=clock.now())
    proposal = proposals.publish(support(draft), by=amina, at=clock.now())
    assert proposal.rule.key == "N1"
    cast_all(proposal, yes=30)
    voting.close(proposal, at=reach(proposal.closes_at))
    mandate = Mandate.objects.get(proposal=proposal)
    with pytest.raises(Refused):
        mandates.enact(mandate, at=clock.now())
    with pytest.raises(DatabaseError, match="what a passed vote says"), transaction.atomic():
        POLICY.enact(mandate, payload, clock.now())
    reach(mandate.due_at)
    assert not mandates.enact(mandate, at=clock.now()).failure
    assert rates.current(matching).amount == Decimal("0.086")


@pytest.mark.parametrize(
    "facts",
    [
        {"amount": "0.121"},
        {"amount": "0.119999"},
        {"estimated_seconds": 31},
        {"version": 3},
        {"since": timedelta(days=-60)},
        {"since": timedelta(days=1)},
        {"currency": "EUR"},
        {"work_type": "compare-answers"},
    ],
)
def test_a_rate_that_differs_from_its_vote_is_refused(matching: WorkType, amina: Person, facts: dict[str, Any]) -> None:
    mandate = voted(change(matching, "0.12"), amina)
    said = {
        "work_type": matching, "version": 2, "amount": Decimal("0.12"), "currency": "USD", "estimated_seconds": 30,
        "mandate": mandate, "since": clock.now(),
    }  # fmt: skip
    if "since" in facts:
        facts = {"since": clock.now() + facts["since"]}
    if "work_type" in facts:
        facts = {"work_type": WorkType.objects.get(slug=facts["work_type"])}
    if "amount" in facts:
        facts = {"amount": Decimal(facts["amount"])}
    with pytest.raises(DatabaseError) as caught, transaction.atomic():
        Rate.objects.create(**(said | facts))
    assert caught.value.__cause__.diag.constraint_name == "rate_is_what_the_vote_said"  # type: ignore[union-attr]
    Rate.objects.create(**said)


def test_those_who_do_other_work_vote_on_no_rate(matching: WorkType, amina: Person) -> None:
    payload = change(matching, "0.086")
    draft = proposals.draft(policy="rate_change", payload=payload, title="A cut", text="…", by=amina, at=clock.now())
    Proposal.objects.filter(pk=draft.pk).update(subject=f"work_type:{WorkType.objects.get(slug='compare-answers').pk}")
    with pytest.raises(DatabaseError, match="stricter rule"), transaction.atomic():
        proposals.publish(support(draft), by=amina, at=clock.now())


def test_a_mandate_that_has_expired_changes_no_rate(matching: WorkType, amina: Person) -> None:
    mandate = voted(change(matching, "0.12"), amina)
    reach(mandate.expires_at)
    with pytest.raises(DatabaseError, match="what a passed vote says"), transaction.atomic():
        POLICY.enact(mandate, change(matching, "0.12"), clock.now())


def test_a_vote_about_another_version_fails(matching: WorkType, amina: Person, luis: Person) -> None:
    at = clock.now()
    both = [
        proposals.publish(
            support(proposals.draft(
                policy="rate_change", payload=change(matching, amount), title="?", text="…", by=by, at=at
            )),
            by=by, at=clock.now(),
        )
        for amount, by in (("0.12", amina), ("0.13", luis))
    ]  # fmt: skip
    for proposal in both:
        cast_all(proposal, yes=30)
    for proposal in both:
        voting.close(proposal, at=reach(proposal.closes_at))
    first, second = (Mandate.objects.get(proposal=proposal) for proposal in both)
    reach(second.due_at)
    assert not mandates.enact(first, at=clock.now()).failure
    assert "replaced" in mandates.enact(second, at=clock.now()).failure
    assert rates.current(matching).amount == Decimal("0.12")


@pytest.mark.parametrize(
    ("amount", "seconds", "rule"),
    [
        ("0.09", 25, "N10"),
        ("0.1", 30, "N10"),
        ("0.0855", 30, "N1"),
        ("0.085499", 30, "N2"),
        ("0.0765", 30, "N2"),
        ("0.076499", 30, "N3"),
        ("0.09", 31, "N1"),
        ("0.09", 36, "N3"),
        ("0.18", 61, "N1"),
        ("0.000001", 30, "N3"),
    ],
)
def test_the_depth_of_a_cut_decides_the_rule(matching: WorkType, amount: str, seconds: int, rule: str) -> None:
    assert POLICY.rule_key(change(matching, amount, seconds)) == rule


def rule_by_hand(past: list[Rate], micro: int, seconds: int) -> str:
    """Work out the rule with fractions, beside the database: newest rate first, those of the last 12 months."""
    kept = []
    for rate in past:
        was = to_micro(rate.amount)
        kept.append(min(Fraction(micro, was), Fraction(micro * rate.estimated_seconds, was * seconds)))
    if kept[0] >= 1:
        return "N10"
    return next(
        (rule for rule, share in (("N1", Fraction(95, 100)), ("N2", Fraction(85, 100))) if min(kept) >= share), "N3"
    )


@pytest.fixture
def past(matching: WorkType, now: datetime) -> list[Rate]:
    """Give the kind of work a past: 0.12 until 11 months ago, then 0.10, then 0.11; before that 0.09."""
    steps = ((2, "0.12", 30, 380), (3, "0.10", 30, 334), (4, "0.11", 29, 30))
    with owning(), connection.cursor() as cursor:
        cursor.execute("ALTER TABLE payments_rate DISABLE TRIGGER rate_is_what_the_vote_said")
        cursor.execute("ALTER TABLE payments_rate DROP CONSTRAINT one_rate_per_mandate")
        for version, amount, seconds, days in steps:
            Rate.objects.create(
                work_type=matching, version=version, amount=Decimal(amount), estimated_seconds=seconds,
                mandate=Mandate.objects.get(proposal=None), since=now - timedelta(days=days),
            )  # fmt: skip
    return rates.history(matching)


def test_the_database_decides_the_rule_as_fractions_do(matching: WorkType, past: list[Rate]) -> None:
    dice = Random(7)  # noqa: S311 - dice for a test
    edges = [120_000 * share // 100 + step for share in (85, 95, 100) for step in (-1, 0, 1)]
    chosen = [(micro, 30) for micro in edges] + [(micro, 29) for micro in edges]
    chosen += [(dice.randint(80_000, 130_000), dice.randint(25, 40)) for _turn in range(60)]
    for micro, seconds in chosen:
        payload = change(matching, plain(from_micro(micro)), seconds)
        assert POLICY.rule_key(payload) == rule_by_hand(past[:3], micro, seconds), (micro, seconds)


def test_a_cut_is_measured_from_the_best_of_twelve_months(
    matching: WorkType, past: list[Rate], later: Callable[..., datetime]
) -> None:
    assert rates.highest_of_12_months(matching, clock.now()).amount == Decimal("0.12")
    assert POLICY.rule_key(change(matching, "0.105", 29)) == "N2"
    later(days=40)
    assert rates.highest_of_12_months(matching, clock.now()).amount == Decimal("0.11")
    assert POLICY.rule_key(change(matching, "0.105", 29)) == "N1"


@pytest.mark.parametrize(
    "facts",
    [
        {"amount": "NaN"},
        {"amount": "-0.1"},
        {"amount": "0"},
        {"amount": "0.0000001"},
        {"amount": "1e3"},
        {"amount": 0.1},
        {"amount": ["0.1"]},
        {"estimated_seconds": 0},
        {"estimated_seconds": True},
        {"estimated_seconds": "30"},
        {"replaces": 2},
        {"work_type": 987_654},
        {"work_type": "1"},
        {"currency": "EUR"},
        {"amount": "0.09"},
        {"more": 1},
    ],
)
def test_a_payload_that_says_no_rate_is_refused(matching: WorkType, facts: dict[str, object]) -> None:
    assert POLICY.problems(change(matching, "0.12") | facts)


def test_a_good_payload_has_no_problem(matching: WorkType) -> None:
    assert not POLICY.problems(change(matching, "0.12"))


def test_a_change_is_described_in_numbers(matching: WorkType) -> None:
    words = POLICY.describe(change(matching, "0.12", 40))
    assert "US$\u00a00.09 to US$\u00a00.12 a task (+33.3%)" in words
    assert "US$\u00a010.80 to US$\u00a010.80 an hour" in words


def test_a_change_is_stale_once_its_version_is_replaced(matching: WorkType, past: list[Rate]) -> None:
    mandate = Mandate.objects.get(proposal=None)
    with pytest.raises(Stale):
        POLICY.enact(mandate, change(matching, "0.12", replaces=2), clock.now())


def test_the_form_gives_a_payload_without_problems(matching: WorkType) -> None:
    form = NewRate({"work_type": matching.pk, "amount": "0.120", "estimated_seconds": "40"})
    assert form.is_valid(), form.errors
    assert form.cleaned_payload() == change(matching, "0.12", 40)
    assert not POLICY.problems(form.cleaned_payload())


@pytest.mark.parametrize("amount", ["NaN", "Infinity", "-1", "0", "0.0000001", "", "x"])
def test_the_form_takes_amounts_only(matching: WorkType, amount: str) -> None:
    assert not NewRate({"work_type": matching.pk, "amount": amount, "estimated_seconds": "40"}).is_valid()


def test_the_impact_is_numbers_alone(matching: WorkType, now: datetime) -> None:
    found = POLICY.impact(change(matching, "0.12"), now)
    assert found["new"] == "0.12"
    assert set(found) == {
        "people", "units", "days", "old", "new", "currency", "difference", "losing", "cut", "probes", "worse_time",
        "quarters", "countries", "kept", "rule",
    }  # fmt: skip


def test_a_proposal_keeps_its_description_after_the_rate_moved_on(matching: WorkType, amina: Person) -> None:
    payload = change(matching, "0.12")
    before = POLICY.describe(payload)
    mandates.enact(voted(payload, amina), at=clock.now())
    assert POLICY.describe(payload) == before
    assert Proposal.objects.count() == 1
