"""Whoever keeps an older view of the data decides nothing by it: what was done since would be missed."""

from collections.abc import Callable

import pytest

from coop.people.models import Person
from governance.models import Office, PauseRequest, Proposal
from tests.governance.conftest import reach
from tests.governance.test_pauses import PAUSE

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("committed")]

type Attack = Callable[..., None]
PUBLISH = "UPDATE governance_proposal SET published_at = now() WHERE id = %s"
CAST = """INSERT INTO governance_ballot (proposal_id, person_id, choice, receipt, cast_at)
VALUES (%s, %s, 'yes', repeat('b', 64), now())"""
COUNT = """INSERT INTO governance_tally (proposal_id, counts, passed, counted_at)
VALUES (%s, governance_count(%s), false, now())"""
RISE = """INSERT INTO governance_standing (person_id, status, since, rule, recorded_by_id)
VALUES (%s, 'candidate', now(), 'R1', %s)"""


def test_a_cut_published_by_an_older_view(attack_from_the_past: Attack, draft: Callable[..., Proposal]) -> None:
    attack_from_the_past(PUBLISH, [draft("N1").pk], guard="cuts_keep_their_rhythm")


def test_a_vote_cast_and_counted_by_an_older_view(
    attack_from_the_past: Attack, published: Callable[..., Proposal], amina: Person
) -> None:
    proposal = published()
    reach(proposal.opens_at)
    attack_from_the_past(CAST, [proposal.pk, amina.pk], guard="ballot_is_cast_by_an_elector")
    reach(proposal.closes_at)
    attack_from_the_past(COUNT, [proposal.pk, proposal.pk], guard="tally_is_what_the_ballots_say")


def test_people_paused_and_admitted_by_an_older_view(
    attack_from_the_past: Attack, asked: Callable[..., PauseRequest], luis: Person, newcomer: Person, teresa: Person
) -> None:
    pause = [Office.objects.get(person=teresa).pk, 72, asked(luis).pk]
    attack_from_the_past(PAUSE, pause, guard="pause_needs_two_officers")
    attack_from_the_past(RISE, [newcomer.pk, newcomer.pk], guard="a_failed_vote_gives_no_standing")
