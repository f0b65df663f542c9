"""No vote is on record as failed because of a moment, nor one that was carried out; what failed gives nothing (P2)."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import psycopg
import pytest
from django.db import connection

from coop import clock
from coop.database import roles
from coop.database.embedded import Cluster
from coop.people.models import Person
from coop.record.models import Event
from coop.refusals import Refused
from governance import elections, mandates, options, proposals, resigning, standing, voting
from governance.models import Call, Decision, Enactment, Mandate, Office, Post, Proposal, Status
from tests.governance.conftest import cast_all, cast_choices, reach, support
from tests.governance.test_appeals import ask_meeting, expelled
from tests.governance.test_carried_out import GUARD, LEAVE, TICK, on_conduct, to_the_day
from tests.governance.test_elections import call, election

__all__ = ["call", "election", "expelled"]

CARE = {"key": "C8", "title": "Care", "text": "We take care.", "replaces": 0}
type Attack = Callable[..., None]
LAW = """INSERT INTO governance_bylaw (key, version, title, text, published_at, mandate_id)
VALUES ('C9', %s, 'Care', 'We take care.', coop_now(), %s)"""


@pytest.mark.django_db
def test_what_was_carried_out_has_not_failed(amina: Person, attack: Attack) -> None:
    """The row is refused when it is there already."""
    mandate = to_the_day(on_conduct(amina, "Care"))
    with connection.cursor() as cursor:
        cursor.execute(LAW, [1, mandate.pk])
        attack(TICK, [mandate.pk, "not convenient"], guard=GUARD)
    assert not mandates.enact(mandate, at=clock.now()).failure
    told = Event.objects.filter(subject=f"proposal:{mandate.proposal_id}", kind__startswith="mandates.")
    assert list(told.order_by("id").values_list("kind", flat=True)) == ["mandates.given", "mandates.found"]


@pytest.mark.parametrize("table", ["bylaw", "office", "officeend", "post", "standing"])
@pytest.mark.django_db
def test_what_failed_gives_nothing_afterwards(amina: Person, attack: Attack, table: str) -> None:
    """What stands in the row is not looked at."""
    first, second = on_conduct(amina, "Care"), on_conduct(amina, "More care")
    for asked in (first, second):
        cast_all(asked, yes=30)
    done = [to_the_day(asked, yes=0) for asked in (first, second)]
    said = [mandates.enact(one, at=clock.now()).failure for one in done]
    assert said == ["", "version 0 was replaced by version 1"]
    row = f"INSERT INTO governance_{table} (mandate_id) VALUES (%s)"
    attack(row, [done[1].pk], guard=f"a_failed_vote_gives_no_{table}")


@pytest.fixture
def gone(election: Proposal, luis: Person) -> Mandate:
    """Let Luis win, and leave by a notice that he gave during the vote, once the seat is his."""
    cast_choices(election, ["1"] * 12)
    assert election.closes_at is not None
    reach(election.closes_at - timedelta(days=6, hours=23))
    resigning.give_notice(luis, pressure="none", at=clock.now())
    voting.close(election, at=reach(election.closes_at))
    won = voting.listed().get(pk=election.pk)
    reach(won.locked_until)
    clock.advance(timedelta(hours=2))
    with connection.cursor() as cursor:
        cursor.execute(LEAVE, [luis.pk])
    return won.mandate


@pytest.mark.django_db
def test_an_election_waits_for_a_winner_who_left(
    gone: Mandate, call: Call, luis: Person, attack: Attack, caplog: pytest.LogCaptureFixture
) -> None:
    """The seat is refused while they are away; whoever could send them away for a moment made the vote fail."""
    clock.advance(timedelta(hours=167))
    attack(TICK, [gone.pk, "not convenient"], guard=GUARD)
    with pytest.raises(Refused, match="tried again"):
        mandates.enact(gone, at=clock.now())
    # Each minute anew; why, the log says once an hour, as it may be a fault of ours.
    assert [voting.carry_on_all(clock.now()) for _minute in range(3)] == [0, 0, 0]
    (told,) = caplog.records
    assert told.levelname == "WARNING"
    assert "waits: A post is given by its election to the member who won it." in told.getMessage()
    assert told.exc_info is None
    standing.come_back(luis, at=clock.now())
    assert not mandates.enact(gone, at=clock.now()).failure
    assert Office.objects.filter(person=luis, post=call.post).exists()


@pytest.mark.django_db
def test_the_seat_of_a_winner_who_is_gone_for_a_week_is_called_for_anew(
    gone: Mandate, call: Call, priya: Person
) -> None:
    clock.advance(timedelta(hours=168, minutes=1))
    assert mandates.enact(gone, at=clock.now()).failure
    again = elections.call(Post.objects.get(name=call.post), call.seat, by=priya, at=clock.now())
    assert again != call


@pytest.mark.django_db
def test_the_week_begins_anew_with_each_leaving(gone: Mandate, luis: Person, attack: Attack) -> None:
    """The latest standing counts, and no older one."""
    clock.advance(timedelta(hours=168, minutes=1))
    resigning.come_back(luis, by=luis, at=clock.now())
    resigning.give_notice(luis, pressure="none", at=clock.now())
    clock.advance(timedelta(hours=168, minutes=1))
    attack(TICK, [gone.pk, "not convenient"], guard=GUARD)
    resigning.leave_due(clock.now())
    attack(TICK, [gone.pk, "not convenient"], guard=GUARD)


@pytest.mark.django_db
def test_the_seat_of_a_winner_who_was_expelled_is_called_for_anew(
    expelled: Decision, amina: Person, luis: Person, priya: Person
) -> None:
    clock.advance(timedelta(days=90, hours=1))
    meeting, seat = ask_meeting(expelled, luis), Post.objects.get(name="auditor")
    called = elections.call(seat, 1, by=priya, at=clock.now())
    elections.stand(called, statement="I can count.", by=amina, at=clock.now())
    vote = elections.put_to_vote(called, by=priya, at=reach(called.closes_at))
    cast_all(meeting, yes=20)
    cast_choices(vote, ["1"] * 12)
    voting.close(vote, at=reach(vote.closes_at))
    assert not mandates.enact(to_the_day(meeting, yes=0), at=clock.now()).failure
    won = Mandate.objects.get(proposal=vote)
    assert mandates.enact(won, at=reach(won.due_at)).failure
    assert elections.call(seat, 1, by=priya, at=clock.now()) != called


def test_no_expulsion_fails_because_its_person_leaves_meanwhile(
    committed: None,
    expelled: Decision,
    amina: Person,
    luis: Person,
    later: Callable[..., datetime],
    cluster: Cluster,
    database_name: str,
) -> None:
    """The guard's own try waited with a number that was drawn before, and was refused for its turn."""
    later(days=90, hours=1)
    mandate = to_the_day(ask_meeting(expelled, luis), yes=20)
    resigning.give_notice(amina, pressure="none", at=clock.now())
    later(days=7, hours=1)
    url = cluster.url(roles.WEB, database_name)

    def tick() -> None:
        with psycopg.connect(url) as mine:
            mine.execute(TICK, [mandate.pk, "not convenient"])

    with psycopg.connect(url) as site, ThreadPoolExecutor(1) as other:
        site.execute("SELECT FROM people_person WHERE id = %s FOR NO KEY UPDATE", [amina.pk])
        waits = other.submit(tick)
        time.sleep(1)
        site.execute(LEAVE, [amina.pk])
        site.commit()
        with pytest.raises(psycopg.errors.CheckViolation, match="fails only when that is refused"):
            waits.result()
    assert not mandates.enact(mandate, at=clock.now()).failure
    assert standing.status(amina) == Status.EXPELLED


@pytest.mark.django_db
def test_a_vote_that_says_nothing_holds_up_no_other(amina: Person) -> None:
    """What nobody could publish by the pages, the web role can."""
    draft = proposals.draft(
        policy="bylaw_change", payload=CARE, title="Shall it?", text="So.", by=amina, at=clock.now()
    )
    drafts = Proposal.objects.filter(pk=draft.pk)
    rule = proposals.rule_for(draft.policy, CARE, clock.now())
    drafts.update(payload=options.canonical({key: value for key, value in CARE.items() if key != "text"}))
    support(drafts.get())
    drafts.update(published_at=clock.now(), rule=rule, impact=options.canonical({}))
    odd, sound = drafts.get(), on_conduct(amina, "More care")
    for asked in (odd, sound):
        cast_all(asked, yes=30)
    done = [to_the_day(asked, yes=0) for asked in (odd, sound)]
    assert voting.carry_on_all(clock.now()) == 1
    assert [Enactment.objects.filter(mandate=one).exists() for one in done] == [False, True]
