"""Two changes that are harmless alone: the later one is looked at again as things stand when it is due (G6).

A raise, a kind of work that opens and every other change for the better leave what was told as it was told.
"""

import json
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection

from coop import clock
from coop.people.models import Person
from governance import mandates, proposals, voting
from governance.models import Enactment, Mandate, Proposal
from governance.voting import State
from payments import instruments, rates
from payments.models import Kind, WorkType
from tests.governance.conftest import cast_all, reach, support
from tests.payments.conftest import owning
from tests.payments.test_alike import twins
from tests.payments.test_for_you import stands
from tests.payments.test_new_kinds import kind
from tests.payments.test_policies import change
from tests.payments.test_versions import ENACT, MINIMUM, work

__all__ = ["twins"]
pytestmark = pytest.mark.django_db
type Attack = Callable[..., None]
STEPS: dict[str, object] = {"key": "", "value": {"wage_step": 1, "payout_step": 50_000}, "replaces": 1}
HIGHER: dict[str, object] = MINIMUM | {"value": {"micro": 2_000_000}}
WRITE = """INSERT INTO payments_instrument (kind, key, version, value, mandate_id, since)
    VALUES ('payout_minimum', '', 2, '{"micro":2000000}', %s, coop_now())"""


def drafted(policy: str, payload: dict[str, object], by: Person) -> Proposal:
    return proposals.draft(policy=policy, payload=payload, title="Shall it?", text="…", by=by, at=clock.now())


def put(draft: Proposal, by: Person) -> Proposal:
    ready = draft if draft.first_reading_id else support(draft)
    return proposals.publish(ready, by=by, at=clock.now())


def passed(vote: Proposal) -> Mandate:
    """Take a published vote to the day it is due."""
    cast_all(vote, yes=40)
    return due(vote)


def due(vote: Proposal) -> Mandate:
    """Count a vote in which enough said yes, and let the day come on which it is due."""
    voting.close(vote, at=reach(vote.closes_at))
    mandate = Mandate.objects.get(proposal=vote)
    reach(mandate.due_at)
    return mandate


def second(policy: str, payload: dict[str, object], by: Person) -> Proposal:
    """Take a change through its first reading and publish it for the second."""
    first = put(drafted(policy, payload, by), by)
    cast_all(first, yes=40)
    voting.close(first, at=reach(first.closes_at))
    clock.advance(timedelta(days=31))
    return put(proposals.draft_second_reading(first, by=by, at=clock.now()), by)


@pytest.fixture
def higher(amina: Person, db: None) -> Proposal:
    """A higher minimum that passed its first reading and was published for the second."""
    return second(Kind.PAYOUT_MINIMUM, HIGHER, amina)


def probes(vote: Proposal) -> tuple[dict[str, int], dict[str, int]]:
    """Return the probes of a vote's report as it would be now, and those that it is compared by."""
    with owning(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT payments_impact(policy, payload::jsonb) -> 'probes', to_jsonb(it) FROM governance_proposal,"
            " payments_probes_since(policy, payload::jsonb, published_at, 2) it WHERE id = %s", [vote.pk],
        )  # fmt: skip
        report, compared = cursor.fetchone()
    return json.loads(report), json.loads(compared)


def larger(one: dict[str, int], other: dict[str, int]) -> bool:
    """Whether a larger share of the probes pays less."""
    return one["lower"] * other["tried"] > other["lower"] * one["tried"]


def test_a_change_that_a_cut_made_worse_than_told_fails(higher: Proposal, luis: Person, attack: Attack) -> None:
    matching = WorkType.objects.get(slug="product-match")
    cut = put(drafted("rate_change", change(matching, "0.086"), luis), luis)
    cast_all(cut, yes=40)
    voting.close(cut, at=reach(cut.closes_at))
    cast_all(higher, yes=40)
    voting.close(higher, at=reach(higher.closes_at))
    at = reach(Mandate.objects.get(proposal=cut).due_at)
    assert not mandates.enact(Mandate.objects.get(proposal=cut), at=at).failure
    mandate = Mandate.objects.get(proposal=higher)
    at = reach(mandate.due_at)
    attack(WRITE, [mandate.pk], guard="instrument_does_no_worse_than_told")
    attack(ENACT, [mandate.pk, ""], guard="enactment_wrote_the_version_it_says")
    enactment = mandates.enact(mandate, at=at)
    assert "worse than what was told when it was voted" in enactment.failure
    assert instruments.payout_terms().minimum == 1
    assert voting.state(voting.listed().get(pk=higher.pk), at) == State.FAILED


def test_what_does_as_told_takes_effect_and_is_not_ticked_off_as_failed(higher: Proposal, attack: Attack) -> None:
    mandate = passed(higher)
    attack(ENACT, [mandate.pk, "not convenient"], guard="enactment_wrote_the_version_it_says")
    assert not mandates.enact(mandate, at=clock.now()).failure
    assert instruments.payout_terms().minimum == 2


def test_a_raise_undoes_no_vote_on_coarser_steps(amina: Person, luis: Person) -> None:
    vote = second(Kind.ROUNDING, STEPS, amina)
    told, _same = probes(vote)
    forms = WorkType.objects.get(slug="fill-in-forms")
    raised = passed(put(drafted("rate_change", change(forms, "0.41", 120), luis), luis))
    assert not mandates.enact(raised, at=clock.now()).failure
    # From 40 cents to 41: by the rates of the day, steps of five cents keep something from more.
    assert larger(probes(vote)[0], told)
    assert probes(vote)[1] == told
    assert not mandates.enact(passed(vote), at=clock.now()).failure
    assert instruments.payout_terms().step == Decimal("0.05")


def test_a_kind_of_work_that_opens_undoes_no_vote(higher: Proposal, luis: Person) -> None:
    told, _same = probes(higher)
    cast_all(higher, yes=40)
    opened = passed(put(drafted("new_kind", kind(amount="0.01"), luis), luis))
    with connection.cursor() as cursor:
        # A kind of work stands with its rate at the end of the transaction, not before.
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
    assert not mandates.enact(opened, at=clock.now()).failure
    assert larger(probes(higher)[0], told)
    assert probes(higher)[1] == told
    assert not mandates.enact(due(higher), at=clock.now()).failure


def test_a_raise_beside_it_hides_no_cut(higher: Proposal, luis: Person) -> None:
    cast_all(higher, yes=40)
    for slug, amount, seconds in (("fill-in-forms", "2", 120), ("product-match", "0.086", 30)):
        payload = change(WorkType.objects.get(slug=slug), amount, seconds)
        mandate = passed(put(drafted("rate_change", payload, luis), luis))
        assert not mandates.enact(mandate, at=clock.now()).failure
    assert "worse than what was told" in mandates.enact(due(higher), at=clock.now()).failure


@pytest.mark.parametrize("micro", [100_000, 5_000_000])
def test_another_least_payout_undoes_no_vote_on_coarser_steps(amina: Person, micro: int) -> None:
    vote = second(Kind.ROUNDING, STEPS, amina)
    told, _same = probes(vote)
    stands(Kind.PAYOUT_MINIMUM, "", f'{{"micro":{micro}}}')
    assert larger(probes(vote)[0], told) is (micro == 100_000)
    assert not larger(probes(vote)[1], told)


def test_wages_that_are_rounded_down_compose_as_a_cut_does(higher: Proposal) -> None:
    told, _same = probes(higher)
    stands(Kind.ROUNDING, "", '{"wage_step":7000,"payout_step":10000}')
    assert larger(probes(higher)[1], told)


@pytest.mark.parametrize(("policy", "key", "value"), [
    (Kind.PAYOUT_MINIMUM, "", {"micro": 2_000_000}), (Kind.ROUNDING, "", STEPS["value"]),
    (Kind.PAYOUT_DELAY, "", {"hours": 5}), (Kind.REGION, "country:KE", {"open": False}),
    (Kind.REGION, "country:KE", {"open": True}), (Kind.OPENING, work, {"open": False, "notice_days": 30}),
])  # fmt: skip
def test_where_nothing_changed_the_report_is_what_it_is_compared_by(
    db: None, policy: str, key: str | Callable[[], str], value: object
) -> None:
    payload = json.dumps({"key": key if isinstance(key, str) else key(), "value": value, "replaces": 1})
    with owning(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT payments_impact(%s, it.said) -> 'probes' = to_jsonb(since) FROM (SELECT %s::jsonb AS said) it,"
            " payments_probes_since(%s, it.said, coop_now(), 2) since", [policy, payload, policy],
        )  # fmt: skip
        assert cursor.fetchone() == (True,)


def test_what_does_better_than_told_takes_effect(higher: Proposal, luis: Person) -> None:
    matching = WorkType.objects.get(slug="product-match")
    raised = passed(put(drafted("rate_change", change(matching, "0.2"), luis), luis))
    assert not mandates.enact(raised, at=clock.now()).failure
    assert not mandates.enact(passed(higher), at=clock.now()).failure


def test_a_cut_that_grew_beside_comparable_work_has_failed(
    twins: tuple[WorkType, WorkType], amina: Person, luis: Person, attack: Attack
) -> None:
    first, second = twins
    cut = put(drafted("rate_change", change(second, "0.086"), luis), luis)
    assert cut.rule.key == "N1"
    raised = passed(put(drafted("rate_change", change(first, "0.12"), amina), amina))
    assert not mandates.enact(raised, at=clock.now()).failure
    mandate = passed(cut)
    attack(ENACT, [mandate.pk, ""], guard="enactment_wrote_the_rate_it_says")
    assert "passed vote" in mandates.enact(mandate, at=clock.now()).failure
    assert rates.current(second).version == 1
    assert Enactment.objects.get(mandate=mandate).failure


@pytest.mark.parametrize(("was", "becomes", "rule"), [
    (50_000, 20_000, "N3"), (50_000, 10_000, "N10"), (20_000, 50_000, "N3"), (50_000, 50_000, "N10"),
])  # fmt: skip
def test_finer_steps_are_a_raise_only_where_nobody_gets_less(db: None, was: int, becomes: int, rule: str) -> None:
    stands(Kind.ROUNDING, "", f'{{"payout_step":{was},"wage_step":1}}')
    payload = f'{{"key":"","replaces":2,"value":{{"payout_step":{becomes},"wage_step":1}}}}'
    with connection.cursor() as cursor:
        cursor.execute("SELECT payments_needed_rule('rounding', %s), payments_impact('rounding', %s) -> 'cut'",
                       [payload, payload])  # fmt: skip
        assert cursor.fetchone() == (rule, "true" if rule == "N3" else "false")
