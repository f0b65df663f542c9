"""A vote on pay from the draft to the rate, and that nobody ticks it off without the rate."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest
from django.test import Client as Browser

from coop import clock
from coop.people.models import Person
from governance import mandates, proposals, voting
from governance.models import Proposal, RollEntry
from governance.voting import State
from payments import rates
from payments.models import WorkType
from tests.governance.conftest import reach, support

pytestmark = pytest.mark.django_db
ENACT = "INSERT INTO governance_enactment (mandate_id, at, failure) VALUES (%s, now(), %s)"


@pytest.fixture
def work_type(_django_db_helper: None) -> WorkType:
    """Return a kind of work on the rate card."""
    return WorkType.objects.get(slug="product-match")


@pytest.fixture
def passed(amina: Person, work_type: WorkType) -> Callable[..., Proposal]:
    """Return a function that takes a new rate through a vote that everybody says yes to."""

    def vote(amount: str) -> Proposal:
        old = rates.current(work_type)
        payload = {"work_type": work_type.pk, "amount": amount, "currency": "USD",
                   "estimated_seconds": old.estimated_seconds, "replaces": old.version}  # fmt: skip
        at = clock.now()
        draft = proposals.draft(policy="rate_change", payload=payload, title="Pay?", text="Why.", by=amina, at=at)
        proposal = proposals.publish(support(draft), by=amina, at=at)
        at = clock.advance(timedelta(days=proposal.rule.deliberation_days, seconds=1))
        for entry in RollEntry.objects.filter(proposal=proposal).select_related("person"):
            voting.cast(proposal, "yes", by=entry.person, at=at)
        voting.close(proposal, at=reach(proposal.closes_at))
        return voting.listed().get(pk=proposal.pk)

    return vote


@pytest.mark.parametrize(("amount", "rule"), [("0.1", "N10"), ("0.087", "N1"), ("0.08", "N2")])
def test_a_vote_changes_the_rate_once_its_lock_has_passed(
    passed: Callable[..., Proposal], work_type: WorkType, amount: str, rule: str
) -> None:
    proposal = passed(amount)
    assert proposal.rule.key == rule
    at = clock.advance(timedelta(days=proposal.rule.lock_days, seconds=1))
    voting.carry_on(proposal, at=at)
    assert voting.state(voting.listed().get(pk=proposal.pk), at) == State.ENACTED
    assert str(rates.current(work_type).amount.normalize()) == amount


def test_a_vote_on_pay_says_what_it_changes(passed: Callable[..., Proposal], client: Browser) -> None:
    proposal = passed("0.08")
    read = client.get(f"/votes/{proposal.pk}/").content.decode()
    assert "Compare products: US$\u00a00.09 to US$\u00a00.08 a task" in read
    assert "What the change makes of their pay" in read
    assert "yes from at least 3/4 of those who say yes or no" in read
    assert client.get(f"/votes/{proposal.pk}/result/").status_code == 200


def test_a_vote_on_pay_is_not_ticked_off_without_its_rate(
    passed: Callable[..., Proposal], attack: Callable[..., None]
) -> None:
    mandate = passed("0.1").mandate
    attack(ENACT, [mandate.pk, ""], guard="enactment_wrote_the_rate_it_says")


def test_a_vote_on_pay_does_not_fail_by_somebodys_word(
    passed: Callable[..., Proposal], attack: Callable[..., None]
) -> None:
    mandate = passed("0.1").mandate
    attack(ENACT, [mandate.pk, "not convenient"], guard="enactment_wrote_the_rate_it_says")


def test_a_vote_overtaken_by_another_fails_and_changes_nothing(
    passed: Callable[..., Proposal], work_type: WorkType
) -> None:
    first, second = passed("0.1"), passed("0.11")
    mandates.enact(second.mandate, at=clock.now())
    assert mandates.enact(first.mandate, at=clock.now()).failure
    assert rates.current(work_type).amount == Decimal("0.11")
