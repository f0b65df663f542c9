"""An officer who gets hold of a member's letters gets no vote by it: an address stands while a vote is open (A16)."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from coop import clock
from coop.people import addresses, background
from coop.people.models import Person
from governance import voting
from governance.models import Proposal
from tests.governance.conftest import electors, reach

pytestmark = pytest.mark.django_db


def test_an_address_stands_while_a_vote_of_its_person_is_open(
    published: Callable[..., Proposal], amina: Person, olga: Person, now: datetime, attack: Callable[..., None]
) -> None:
    proposal = published()
    assert proposal.opens_at
    reach(proposal.opens_at - timedelta(days=8))
    for person in (amina, olga):
        change = addresses.ask(person, f"{person.pk}@new.example", by=person, at=clock.now())
        background.tell(change=change.pk)
        addresses.confirm(change, at=clock.now())
    at = reach(max(proposal.opens_at, clock.now() + timedelta(days=7)))
    assert proposal.closes_at
    if at >= proposal.closes_at:
        pytest.fail("the vote is over before the seven days are")
    attack(
        "UPDATE people_person SET email = %s WHERE id = %s", [f"{amina.pk}@new.example", amina.pk],
        guard="address_stands_during_a_vote",
    )  # fmt: skip
    assert addresses.take_effect_all(at) == 1  # Olga is on no roll
    assert addresses.take_effect_all(reach(proposal.closes_at)) == 1
    assert Person.objects.get(pk=amina.pk).email == f"{amina.pk}@new.example"


def test_an_address_stands_while_a_vote_goes_on_for_72_hours(
    published: Callable[..., Proposal], amina: Person, attack: Callable[..., None]
) -> None:
    proposal = published("N10")
    assert proposal.closes_at
    reach(proposal.closes_at - timedelta(days=8))
    change = addresses.ask(amina, "amina@new.example", by=amina, at=clock.now())
    background.tell(change=change.pk)
    addresses.confirm(change, at=clock.now())
    at = reach(proposal.closes_at - timedelta(hours=20))
    for person in electors(proposal)[:5]:
        voting.cast(proposal, "yes", by=person, at=at)
    at = reach(proposal.closes_at + timedelta(hours=1))
    assert voting.state(voting.listed().get(pk=proposal.pk), at) == voting.State.VOTING
    attack(
        "UPDATE people_person SET email = 'amina@new.example' WHERE id = %s", [amina.pk],
        guard="address_stands_during_a_vote",
    )  # fmt: skip
    assert addresses.take_effect_all(at) == 0
    assert addresses.take_effect_all(reach(proposal.closes_at + timedelta(hours=72))) == 1
