"""Looks at rejected answers of what may upset: by those who chose its topics, within the cap and the rests (E6)."""

from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import count

import pytest
from django.test import Client as Browser

from coop import clock
from coop.people.models import Client, Person
from coop.refusals import Refused
from payments import rates
from tasks import claims, content, disputes
from tasks.models import Dispute, Peer
from tests.tasks import disputing
from tests.tasks.conftest import SAME, work
from tests.tasks.test_content import HARD, PAY
from tests.tasks.test_dispute_promises import FIND

pytestmark = pytest.mark.django_db
type Attack = Callable[..., None]
type Later = Callable[..., datetime]


@pytest.fixture
def knowing(orbit: Client, olga: Person) -> list[Person]:
    """Return five members who know the work, of whom three have chosen what upsets here."""
    found = disputing.learned(orbit, olga)
    for one in found[:3]:
        content.choose(one, HARD, 1, by=one, at=clock.now())
    return found


type Reject = Callable[[], Dispute]


@pytest.fixture
def reject(orbit: Client, olga: Person, amina: Person) -> Reject:
    """Have an answer of Amina's rejected, each in a job of its own: of one job few may be."""
    content.choose(amina, HARD, None, by=amina, at=clock.now())
    numbers = count(1)

    def rejected() -> Dispute:
        job = disputing.checked(orbit, olga, tasks=12, content=HARD, pay=PAY, title=f"Hard {next(numbers)}")
        return disputing.reject(work(job, amina, SAME), olga)

    return rejected


def test_only_those_are_drawn_who_chose_its_topics(knowing: list[Person], reject: Reject) -> None:
    """Of five who know the work two have not: of three rejections none is theirs to look at."""
    disputed = [reject() for _turn in range(3)]
    drawn = {place.person for one in disputed for place in disputing.places(one)}
    assert all(len(disputing.places(one)) == 2 for one in disputed)
    assert drawn <= set(knowing[:3])
    for one in knowing[:3]:
        content.choose(one, [], None, by=one, at=clock.now())
    assert disputing.places(reject()) == []


def test_a_look_counts_towards_the_cap_and_the_rest_and_waits_for_both(
    attack: Attack, knowing: list[Person], reject: Reject, later: Later,
    signed_in: Callable[[Person], Browser],
) -> None:  # fmt: skip
    for one in knowing[2:]:
        content.choose(one, [], None, by=one, at=clock.now())
    first, second = reject(), reject()
    hard = first.assignment.job
    most = timedelta(seconds=3 * rates.current(hard.work_type).estimated_seconds)
    # A cap of one minute: the second look is beyond it, as each counts three times the voted time.
    assert most > timedelta(minutes=1)
    mine = disputing.places(first)[0]
    who = mine.person
    assert who is not None
    other = Peer.objects.get(dispute=second, person=who)
    later(minutes=20)
    disputing.look(mine, stands=True)
    later(seconds=1)
    assert content.exposure(who).seen == most
    attack(FIND, [other.pk, True], guard="looks_at_what_upsets_have_their_cap")
    no = disputes.find_refusal(other, by=who, at=clock.now())
    assert no is not None
    assert "for 1 minutes of 24 hours" in str(no.reason)
    with pytest.raises(Refused, match="for 1 minutes of 24 hours"):
        disputes.find(other, stands=True, reason=disputing.WHY, by=who, at=clock.now())
    with pytest.raises(Refused, match="for 1 minutes of 24 hours"):
        claims.claim_next(hard, by=who, at=clock.now())
    assert signed_in(who).get(f"/looks/{other.pk}/").status_code in {403, 409}
    assert who not in {place.person for place in disputing.places(reject())}
    content.choose(who, HARD, 60, by=who, at=clock.now())
    disputes.find(other, stands=True, reason=disputing.WHY, by=who, at=clock.now())


def test_a_look_soon_after_it_was_drawn_counts_from_then(knowing: list[Person], reject: Reject, later: Later) -> None:
    place = disputing.places(reject())[0]
    assert place.person is not None
    later(seconds=20)
    disputing.look(place, stands=True)
    later(seconds=5)
    assert content.exposure(place.person).seen == timedelta(seconds=20)


def test_looks_at_other_work_count_nothing_and_ask_nothing(
    knowing: list[Person], orbit: Client, olga: Person, amina: Person, later: Later
) -> None:
    calm = disputing.checked(orbit, olga, tasks=2)
    place = disputing.places(disputing.reject(work(calm, amina, SAME), olga))[0]
    assert place.person is not None
    later(minutes=20)
    disputing.look(place, stands=True)
    later(seconds=1)
    assert content.exposure(place.person).seen == timedelta(0)
