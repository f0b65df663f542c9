"""A site that votes for members who did not (B19): they are told, and an auditor reads it without the site."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core import mail
from django.db import connection

from coop import clock
from coop.audit import mandates as walk
from coop.people.models import Person
from governance import background, voting, wishes
from governance.models import Proposal
from tests.governance.conftest import electors, reach

pytestmark = pytest.mark.django_db
CAST = """
INSERT INTO governance_ballot (proposal_id, person_id, choice, receipt, cast_at) VALUES (%s, %s, 'yes', %s, now())
"""


@pytest.fixture
def victim(published: Callable[..., Proposal]) -> tuple[Proposal, Person]:
    """Let the site vote for a member who does not, beside one who does; return the counted vote and the member."""
    proposal = published("N10")
    voter, victim = electors(proposal)[:2]
    at = reach(proposal.opens_at)
    voting.cast(proposal, "no", by=voter, at=at)
    with connection.cursor() as cursor:
        cursor.execute(CAST, [proposal.pk, victim.pk, "a" * 64])
    wishes.choose(
        victim, by=victim, at=at, proposals=False, replies=False, reminders=False, quiet_from=0, quiet_until=0
    )
    voting.close(proposal, at=reach(proposal.closes_at))
    return proposal, victim


def write(hours: int = 24) -> None:
    """Let the worker write letters for so many hours."""
    for _hour in range(hours):
        reach(clock.now() + timedelta(hours=1))
        background.write_letters(timestamp=0)


def told(person: Person) -> list[str]:
    letters = [message for message in mail.outbox if message.to == [person.email]]
    return [str(message.body) for message in letters if "ballot was counted" in message.subject]


def test_whoever_did_not_vote_is_told_that_their_ballot_was_counted(victim: tuple[Proposal, Person]) -> None:
    proposal, person = victim
    write()
    [letter] = told(person)
    assert proposal.title in letter
    assert "If you did not vote, somebody used your account" in letter
    assert [len(told(one)) for one in electors(proposal)[:3]] == [1, 1, 0]


def test_the_site_cannot_take_back_that_somebody_is_to_be_told(
    victim: tuple[Proposal, Person], attack: Callable[..., None]
) -> None:
    write()
    attack("DELETE FROM governance_letter WHERE kind = 'voted'", guard="permission denied")
    attack("UPDATE governance_letter SET kind = 'digest' WHERE kind = 'voted'", guard="permission denied")
    attack("UPDATE governance_letter SET sent_at = NULL WHERE kind = 'voted'", guard="letter_is_sent_once")


def test_an_auditor_reads_in_whose_names_ballots_lie_without_the_site(victim: tuple[Proposal, Person]) -> None:
    proposal, person = victim
    assert walk.voters(proposal.pk) == sorted(one.pk for one in electors(proposal)[:2])
    assert person.pk in walk.voters(proposal.pk)


def test_before_the_count_nobody_reads_it(published: Callable[..., Proposal], amina: Person) -> None:
    proposal = published("N10")
    voting.cast(proposal, "yes", by=amina, at=reach(proposal.opens_at))
    assert walk.voters(proposal.pk) == []


def test_a_site_that_keeps_the_letters_back_is_found(victim: tuple[Proposal, Person]) -> None:
    proposal, _person = victim
    assert list(walk._untold()) == []  # noqa: SLF001 - one walk among many
    reach(clock.now() + timedelta(hours=49))
    [finding] = walk._untold()  # noqa: SLF001 - likewise
    assert finding.row == f"governance_proposal {proposal.pk}"
    assert finding.what.startswith("2 members were not told")
    write()
    assert list(walk._untold()) == []  # noqa: SLF001 - likewise
