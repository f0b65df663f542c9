"""A vote is open on five working days, whenever it begins, and two letters remind of it (E7)."""

from collections.abc import Callable
from datetime import timedelta

import psycopg
import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from coop import clock
from governance import explaining, letters, voting
from governance.models import Letter, Proposal, Rule
from tests.governance.conftest import electors, reach

pytestmark = pytest.mark.django_db
DAY, FRIDAY = timedelta(days=1), 5


def working_days(vote: Proposal) -> int:
    assert vote.opens_at
    assert vote.closes_at
    days = (vote.closes_at - vote.opens_at) // DAY
    return sum((vote.opens_at + nth * DAY).isoweekday() <= FRIDAY for nth in range(days))


@pytest.mark.parametrize("wait", range(7))
def test_every_vote_is_open_on_five_working_days(draft: Callable[..., Proposal], wait: int) -> None:
    """N10 asks for five days of voting; published on the eve of a weekend it has more. Nobody says when it closes."""
    proposal = draft("N10")
    assert proposal.rule.voting_days == 5
    at = clock.advance(wait * DAY + timedelta(seconds=1))
    expected = explaining.phases_from(proposal.rule, at)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE governance_proposal SET published_at = now() WHERE id = %s", [proposal.pk])
    proposal.refresh_from_db()
    assert proposal.opens_at
    assert proposal.closes_at
    assert working_days(proposal) >= 5
    assert timedelta(days=5) <= proposal.closes_at - proposal.opens_at <= timedelta(days=7)
    assert abs(proposal.closes_at - (expected[2].at or at)) < timedelta(minutes=1), "as the page had said"


@given(opens=st.datetimes(timezones=st.timezones()), days=st.integers(5, 21))
def test_seven_days_always_have_five_and_fewer_are_made_more(opens: object, days: int) -> None:
    rule = Rule(voting_days=days)
    time = rule.voting_time(opens)  # type: ignore[arg-type]
    assert timedelta(days=days) <= time <= timedelta(days=max(days, 7))


def test_the_database_counts_as_the_page_does(owner: psycopg.Connection) -> None:
    at = clock.now()
    for hours in range(0, 24 * 8, 5):
        opens = at + timedelta(hours=hours)
        for days in (5, 6, 7, 10):
            counted = owner.execute("SELECT public.governance_voting_days(%s, %s)", [opens, days]).fetchone()
            assert counted == (Rule(voting_days=days).voting_time(opens) // DAY,)


def hour_by_hour(proposal: Proposal, hours: range) -> list[Letter]:
    """Let the clock run to so many hours before the close, one after the other; return the letters to one elector."""
    silent = electors(proposal)[0]
    for before in hours:
        reach((proposal.closes_at or clock.now()) - timedelta(hours=before))
        letters.make_due(clock.now())
    return list(Letter.objects.filter(person=silent, subject=f"proposal:{proposal.pk}").order_by("pk"))


def test_two_words_come_before_the_close(published: Callable[..., Proposal]) -> None:
    proposal = published("N14")
    assert proposal.closes_at
    first, second = hour_by_hour(proposal, range(72, 0, -2))
    assert (first.kind, second.kind) == ("reminder", "last_day")
    assert proposal.closes_at - second.made_at <= timedelta(hours=24)


def test_the_second_does_not_come_on_the_heels_of_the_first(published: Callable[..., Proposal]) -> None:
    first, *second = hour_by_hour(published("N14"), range(23, 0, -2))
    assert first.kind == "reminder"
    assert all(letter.made_at - first.made_at >= timedelta(hours=12) for letter in second)


def test_whoever_votes_after_the_first_word_hears_no_second(published: Callable[..., Proposal]) -> None:
    proposal = published("N14")
    [first] = hour_by_hour(proposal, range(72, 30, -2))
    voting.cast(proposal, "no", by=first.person, at=clock.now())
    assert hour_by_hour(proposal, range(28, 0, -2)) == [first]
    others = Letter.objects.filter(subject=f"proposal:{proposal.pk}", kind="last_day")
    assert others.exists()
    assert not others.filter(person=first.person).exists()
