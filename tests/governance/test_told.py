"""Whoever has a ballot in the box is told after the count; of whom was not, an auditor learns how many (B19)."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection

from coop import clock
from coop.people.models import Person
from governance import voting
from governance.models import Letter, LetterKind, Proposal
from tests.governance.conftest import MINUTE, cast_choices, depart, electors, reach

pytestmark = pytest.mark.django_db
TWO_DAYS = timedelta(hours=48)


def untold() -> dict[int, int]:
    """Return of how many in each vote the database says that they were not told."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT vote, people FROM governance_untold()")
        return dict(cursor.fetchall())


@pytest.fixture
def box(published: Callable[..., Proposal]) -> Proposal:
    """Return a counted vote with the ballots of six, of whom one changed their mind."""
    vote = published("N14")
    cast_choices(vote, ["yes"] * 6)
    voting.cast(vote, "no", by=electors(vote)[0], at=clock.now())
    voting.close(vote, at=reach(vote.closes_at))
    return voting.listed().get(pk=vote.pk)


def write(vote: Proposal, person: Person, kind: LetterKind = LetterKind.VOTED, *, sent: bool = True) -> None:
    letter = Letter.objects.create(person=person, kind=kind, subject=f"proposal:{vote.pk}", made_at=clock.now())
    if sent:
        Letter.objects.filter(pk=letter.pk).update(claimed_at=clock.now(), sent_at=clock.now())


def test_an_auditor_learns_of_it_two_days_after_the_count(box: Proposal) -> None:
    reach(box.tally.counted_at + TWO_DAYS - MINUTE)
    assert untold() == {}
    reach(box.tally.counted_at + TWO_DAYS + MINUTE)
    assert untold() == {box.pk: 6}


def test_only_a_letter_of_that_vote_that_was_sent_tells_somebody(
    box: Proposal, published: Callable[..., Proposal]
) -> None:
    other, voters = published("N14", "blue"), electors(box)
    reach(box.tally.counted_at + TWO_DAYS + MINUTE)
    write(box, voters[0])
    assert untold() == {box.pk: 5}
    write(box, voters[1], sent=False)
    write(box, voters[2], LetterKind.REMINDER)
    write(other, voters[3])
    write(box, voters[9])
    assert untold() == {box.pk: 5}
    write(box, voters[5])
    assert untold() == {box.pk: 4}


def test_whoever_has_left_is_no_longer_waited_for(box: Proposal) -> None:
    depart(electors(box)[1])
    reach(box.tally.counted_at + TWO_DAYS + MINUTE)
    assert untold() == {box.pk: 5}


def test_each_vote_is_told_by_itself(box: Proposal, published: Callable[..., Proposal]) -> None:
    vote = published("N14", "blue")
    cast_choices(vote, ["yes"] * 2)
    assert untold() == {box.pk: 6}
    voting.close(vote, at=reach(vote.closes_at))
    reach(clock.now() + TWO_DAYS + MINUTE)
    assert untold() == {box.pk: 6, vote.pk: 2}
