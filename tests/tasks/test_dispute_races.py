"""Two at the same moment about a rejected answer, really committed: one end, and money that moves once."""

from datetime import timedelta

import pytest

from coop import clock
from coop.people.models import Client, Person
from coop.refusals import Refused
from payments.models import Transfer
from tasks import disputes, reviews
from tasks.models import Assignment, AssignmentState, Dispute, Ground, Settlement
from tests.tasks import disputing
from tests.tasks.conftest import SAME, work
from tests.tasks.test_races import at_once, count

pytestmark = pytest.mark.usefixtures("committed")


@pytest.fixture
def mine(committed: None, orbit: Client, olga: Person, amina: Person) -> Assignment:
    disputing.learned(orbit, olga)
    return work(disputing.checked(orbit, olga), amina, SAME)


def test_two_peers_who_say_the_same_at_once_end_it_once(mine: Assignment, olga: Person) -> None:
    first, second = disputing.places(disputing.reject(mine, olga))
    results = at_once(lambda: disputing.look(first, stands=True), lambda: disputing.look(second, stands=True))
    assert results == [None, None]
    assert Settlement.objects.get().stands
    assert Transfer.objects.filter(kind=29).count() == 1
    assert Transfer.objects.filter(kind=31).count() == 2
    assert disputing.books_hold()


def test_rejected_and_accepted_at_once_it_is_one_of_the_two(mine: Assignment, olga: Person) -> None:
    results = at_once(
        lambda: disputing.reject(mine, olga),
        lambda: reviews.accept(mine, by=olga, at=clock.now(), ground=Ground.CLIENT),
        lambda: disputing.reject(mine, olga),
    )
    assert count(results, Refused) == 2, results
    mine.refresh_from_db()
    assert (mine.state == AssignmentState.DISPUTED) == Dispute.objects.exists()
    paid = Transfer.objects.filter(ref=f"assignment:{mine.pk}", kind__in=[5, 28])
    assert paid.get().amount == mine.pay


def test_many_who_go_on_at_once_draw_nobody_twice(mine: Assignment, olga: Person) -> None:
    dispute = disputing.reject(mine, olga)
    clock.advance(timedelta(hours=24))
    results = at_once(*(lambda: disputes.go_on(dispute, at=clock.now()) for _turn in range(4)))
    assert results == [False] * 4
    assert [place.rank for place in disputing.places(dispute)] == [1, 2, 3, 4]
