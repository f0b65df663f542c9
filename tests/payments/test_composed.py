"""Two changes that are harmless alone: the later one is looked at again as things stand when it is due (G6)."""

from collections.abc import Callable
from datetime import timedelta

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
from tests.payments.test_alike import twins
from tests.payments.test_for_you import stands
from tests.payments.test_policies import change
from tests.payments.test_versions import ENACT, MINIMUM

__all__ = ["twins"]
pytestmark = pytest.mark.django_db
type Attack = Callable[..., None]
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
    voting.close(vote, at=reach(vote.closes_at))
    mandate = Mandate.objects.get(proposal=vote)
    reach(mandate.due_at)
    return mandate


@pytest.fixture
def higher(amina: Person, db: None) -> Proposal:
    """A higher minimum that passed its first reading and was published for the second."""
    first = put(drafted(Kind.PAYOUT_MINIMUM, HIGHER, amina), amina)
    cast_all(first, yes=40)
    voting.close(first, at=reach(first.closes_at))
    clock.advance(timedelta(days=31))
    return put(proposals.draft_second_reading(first, by=amina, at=clock.now()), amina)


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
