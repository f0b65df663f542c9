"""Mandates: given by votes that passed, carried out once, when due, exactly as voted."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from coop import clock
from coop.people.models import Person
from coop.record.models import Event
from coop.refusals import Refused
from governance import background, mandates, voting
from governance.models import Enactment, Mandate, Proposal
from governance.voting import State
from tests.governance.conftest import Voted, cast_all, reach

pytestmark = pytest.mark.django_db
INSERT = """
INSERT INTO governance_mandate (proposal_id, given_at, due_at, expires_at)
VALUES (%s, now(), now(), now() + interval '30 days')
"""


def state(proposal: Proposal) -> State:
    return voting.state(voting.listed().get(pk=proposal.pk), clock.now())


def test_a_raise_takes_effect_at_once(voted: Voted) -> None:
    proposal = voted("N10", "green", yes=3)
    voting.carry_on(proposal, at=clock.now())
    assert state(proposal) == State.ENACTED
    assert Event.objects.get(kind="hall.painted").data == {"colour": "green"}


def test_a_cut_waits_for_its_lock(voted: Voted) -> None:
    proposal = voted("N1", yes=36)
    assert state(proposal) == State.LOCKED
    with pytest.raises(Refused, match="has not passed yet"):
        mandates.enact(proposal.mandate, at=clock.now())
    moment = timedelta(microseconds=1)
    for at, then in ((proposal.mandate.due_at - moment, State.LOCKED), (proposal.mandate.due_at, State.DUE)):
        assert voting.state(voting.listed().get(pk=proposal.pk), at) == then
    mandates.enact(proposal.mandate, at=reach(proposal.locked_until))
    assert state(proposal) == State.ENACTED


def test_a_mandate_is_carried_out_once(voted: Voted) -> None:
    proposal = voted(yes=3)
    first = mandates.enact(proposal.mandate, at=clock.now())
    assert mandates.enact(proposal.mandate, at=clock.now()) == first
    assert Event.objects.filter(kind="hall.painted").count() == 1


def test_a_mandate_expires_after_30_days(voted: Voted, attack: Callable[..., None]) -> None:
    proposal = voted(yes=3)
    at = reach(proposal.mandate.expires_at)
    assert state(proposal) == State.EXPIRED
    with pytest.raises(Refused, match="nothing changes"):
        mandates.enact(proposal.mandate, at=at)
    attack(
        "INSERT INTO governance_enactment (mandate_id, at, failure) VALUES (%s, now(), '')", [proposal.mandate.pk],
        guard="enactment_is_due",
    )  # fmt: skip


def test_a_mandate_that_has_been_overtaken_fails_and_changes_nothing(voted: Voted) -> None:
    proposal = voted("N10", "stale", yes=3)
    enactment = mandates.enact(proposal.mandate, at=clock.now())
    assert enactment.failure == "somebody painted before"
    assert state(proposal) == State.FAILED
    assert not Event.objects.filter(kind="hall.painted").exists()


def test_nothing_is_enacted_before_its_lock_has_passed(voted: Voted, attack: Callable[..., None]) -> None:
    attack(
        "INSERT INTO governance_enactment (mandate_id, at, failure) VALUES (%s, now(), '')",
        [voted("N1", yes=36).mandate.pk],
        guard="enactment_is_due",
    )


def test_the_founding_mandate_is_not_enacted(attack: Callable[..., None]) -> None:
    founding = Mandate.objects.get(proposal=None)
    # By its guards in the order of their names; that it is due is only one of them.
    attack(
        "INSERT INTO governance_enactment (mandate_id, at, failure) VALUES (%s, now(), '')", [founding.pk],
        guard="enactment_",
    )  # fmt: skip


def test_a_mandate_is_not_invented(
    draft: Callable[..., Proposal], published: Callable[..., Proposal], attack: Callable[..., None]
) -> None:
    attack(INSERT, [draft().pk], guard="mandate_needs_a_passed_vote")
    attack(INSERT, [published().pk], guard="mandate_needs_a_passed_vote")
    attack(INSERT, [None], guard="mandate_needs_a_passed_vote")


def test_a_lost_vote_gives_no_mandate(voted: Voted, attack: Callable[..., None]) -> None:
    attack(INSERT, [voted("N1", yes=14).pk], guard="mandate_needs_a_passed_vote")


def test_a_first_reading_gives_no_mandate(voted: Voted, attack: Callable[..., None]) -> None:
    attack(INSERT, [voted("N3", yes=36).pk], guard="mandate_needs_a_passed_vote")


def test_the_times_of_a_mandate_are_the_databases(voted: Voted) -> None:
    proposal = voted("N1", yes=36)
    mandate = Mandate.objects.get(proposal=proposal)
    assert mandate.due_at == proposal.locked_until
    assert (mandate.expires_at - mandate.due_at).days == 30


@pytest.mark.parametrize("table", ["mandate", "enactment", "tally"])
def test_what_was_decided_is_never_rewritten(voted: Voted, attack: Callable[..., None], table: str) -> None:
    voting.carry_on(voted(yes=3), at=clock.now())
    attack(f"DELETE FROM governance_{table}", guard="permission denied")
    attack(f"UPDATE governance_{table} SET id = 0", guard="permission denied")


def test_the_background_job_carries_on_what_is_due(published: Callable[..., Proposal], amina: Person) -> None:
    proposal = published()
    cast_all(proposal, yes=3)
    assert background.carry_on(0) == 0
    reach(proposal.closes_at)
    assert background.carry_on(0) == 1
    assert state(proposal) == State.ENACTED
    assert background.carry_on(0) == 0
    assert Enactment.objects.count() == 1
