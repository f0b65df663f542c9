"""No vote on conduct, posts, offices or a membership is ticked off without its row, nor called failed at will."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import psycopg
import pytest
from django.db import connection

from coop import clock
from coop.database import roles
from coop.database.embedded import Cluster
from coop.people.models import Person
from governance import conduct, mandates, proposals, resigning, standing, voting
from governance.models import Call, Decision, Mandate, Office, Proposal, Status
from tests.governance.conftest import cast_all, reach, support
from tests.governance.test_appeals import ask_meeting, expelled
from tests.governance.test_elections import call, elected, election
from tests.governance.test_posts import once, row
from tests.governance.test_recalls import recalled, treasury, vote

__all__ = ["call", "elected", "election", "expelled", "recalled", "treasury", "vote"]

type Attack = Callable[..., None]
type Later = Callable[..., datetime]
TICK = "INSERT INTO governance_enactment (mandate_id, at, failure) VALUES (%s, coop_now(), %s)"
GUARD = "enactment_did_what_was_voted"


def ticked_off(mandate: Mandate, attack: Attack) -> None:
    """Attack a mandate that is due from each side; then see that it is carried out all the same."""
    for failure in ("", "not convenient"):
        attack(TICK, [mandate.pk, failure], guard=GUARD)
    assert not mandates.enact(mandate, at=clock.now()).failure


def to_the_day(asked: Proposal, *, yes: int = 30) -> Mandate:
    """Take a vote to the day on which it is due."""
    cast_all(asked, yes=yes)
    voting.close(asked, at=reach(asked.closes_at))
    mandate = Mandate.objects.get(proposal=asked)
    reach(mandate.due_at)
    return mandate


def on_conduct(by: Person, title: str) -> Proposal:
    payload = {"key": "C9", "title": title, "text": "We take care.", "replaces": conduct.latest("C9")}
    draft = proposals.draft(
        policy="bylaw_change", payload=payload, title="Shall it?", text="So.", by=by, at=clock.now()
    )
    return proposals.publish(support(draft), by=by, at=clock.now())


@pytest.mark.django_db
def test_a_recall_ends_the_office(recalled: Callable[..., Proposal], treasury: Office, attack: Attack) -> None:
    ticked_off(recalled(yes=11).mandate, attack)
    assert not standing_in_office(treasury)


def standing_in_office(office: Office) -> bool:
    return Office.objects.filter(pk=office.pk, end=None).exists()


@pytest.mark.django_db
def test_an_election_gives_the_seat(elected: Callable[..., Proposal], call: Call, luis: Person, attack: Attack) -> None:
    won = elected(["1"] * 12)
    reach(won.locked_until)
    ticked_off(won.mandate, attack)
    assert Office.objects.filter(person=luis, post=call.post, mandate=won.mandate).exists()


@pytest.mark.django_db
def test_a_vote_on_a_post_writes_it(amina: Person, attack: Attack) -> None:
    ticked_off(once(row("treasurer", seats=2), amina), attack)


@pytest.mark.django_db
def test_a_vote_on_conduct_writes_it_and_fails_only_where_another_came_first(amina: Person, attack: Attack) -> None:
    first, second = on_conduct(amina, "Care"), on_conduct(amina, "More care")
    for asked in (first, second):
        cast_all(asked, yes=30)
    done = [to_the_day(asked, yes=0) for asked in (first, second)]
    ticked_off(done[0], attack)
    attack(TICK, [done[1].pk, ""], guard=GUARD)
    assert mandates.enact(done[1], at=clock.now()).failure
    assert conduct.latest("C9") == 1


@pytest.mark.django_db
def test_an_expulsion_expels(expelled: Decision, amina: Person, luis: Person, later: Later, attack: Attack) -> None:
    later(days=90, hours=1)
    ticked_off(to_the_day(ask_meeting(expelled, luis), yes=20), attack)
    assert standing.status(amina) == Status.EXPELLED


def test_no_older_view_calls_it_failed(
    committed: None, recalled: Callable[..., Proposal], attack_from_the_past: Callable[..., None]
) -> None:
    attack_from_the_past(TICK, [recalled(yes=11).mandate.pk, "not convenient"], guard=GUARD)


def expel(who: Person, mandate: Mandate) -> None:
    """Write an expulsion over a connection of its own."""
    try:
        standing.expel(who, mandate=mandate, at=clock.now())
    finally:
        connection.close()


LEAVE = "INSERT INTO governance_standing (person_id, status, since, rule) VALUES (%s, 'left', now(), 'D1')"


def test_nobody_slips_out_before_a_word_that_waits(
    committed: None, expelled: Decision, amina: Person, luis: Person, later: Later, cluster: Cluster, database_name: str
) -> None:
    """The number of a standing is drawn before its turn has come; a later number would be the latest for ever."""
    later(days=90, hours=1)
    mandate = to_the_day(ask_meeting(expelled, luis), yes=20)
    resigning.give_notice(amina, pressure="none", at=clock.now())
    later(days=7, hours=1)
    with psycopg.connect(cluster.url(roles.WEB, database_name)) as site, ThreadPoolExecutor(1) as other:
        site.execute("SELECT FROM people_person WHERE id = %s FOR NO KEY UPDATE", [amina.pk])
        waits = other.submit(expel, amina, mandate)
        time.sleep(1)
        site.execute(LEAVE, [amina.pk])
        site.commit()
        with pytest.raises(Exception, match="try again"):
            waits.result()
    assert not mandates.enact(mandate, at=clock.now()).failure
    assert standing.status(amina) == Status.EXPELLED
