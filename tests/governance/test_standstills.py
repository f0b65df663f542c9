"""What a vote loses while the record stands still is given back at its end, once, and nobody can hide or feign it."""

from collections.abc import Callable
from datetime import datetime, timedelta

import psycopg
import pytest
from django.test import Client as Browser

from coop import clock
from coop.database import roles
from coop.database.embedded import Cluster
from coop.people.models import Person
from coop.record import checkpoints
from coop.record.models import Checkpoint
from coop.refusals import Refused
from governance import elections, mandates, standstills, voting
from governance.models import Call, Office, Proposal, Tally
from governance.voting import State
from tests.governance.conftest import asleep, cast_all, cast_choices, reach, wait_for_others
from tests.governance.test_counting import box, laid
from tests.governance.test_elections import call
from tests.governance.test_recounting import Open, folder

__all__ = ["box", "call", "folder"]
pytestmark = pytest.mark.django_db
HOUR, SECOND = timedelta(hours=1), timedelta(seconds=10)
WRITE = "INSERT INTO record_checkpoint (size) VALUES (0)"


def again(proposal: Proposal) -> Proposal:
    return voting.listed().get(pk=proposal.pk)


def away_at_the_close(proposal: Proposal, owner: psycopg.Connection, *, before: float, after: float) -> None:
    """Let the site be away from so many hours before the end of a vote until so many after it."""
    assert checkpoints.write()
    reach((proposal.closes_at or clock.now()) + after * HOUR)
    asleep(owner, hours=before + after)


@pytest.mark.parametrize(
    ("since", "until", "more"),
    [
        (10, 13, 0), (9, 13, 4), (0, 3, 3), (-2, 0, 0), (-2, 1, 1), (-5, 15, 15), (5, 5, 0), (0, 200, 168),
    ],
)  # fmt: skip
def test_hours_lost_between_a_begin_and_a_planned_end(now: datetime, since: int, until: int, more: int) -> None:
    away = [(now + since * HOUR, now + until * HOUR)]
    assert standstills.ends(now, now + 10 * HOUR, away) == now + (10 + more) * HOUR


@pytest.mark.usefixtures("committed")
def test_what_a_vote_lost_is_given_back(
    published: Callable[..., Proposal], amina: Person, owner: psycopg.Connection
) -> None:
    proposal = published("N1")
    cast_all(proposal, yes=25)
    away_at_the_close(proposal, owner, before=3, after=2)
    assert voting.state(again(proposal), clock.now()) == State.VOTING
    with pytest.raises(Refused, match="still open"):
        voting.close(proposal, at=clock.now())
    assert voting.cast(proposal, "yes", by=amina, at=clock.now()).words
    assert proposal.closes_at
    assert proposal.locked_until
    end = voting.closes(again(proposal), clock.now())
    assert abs(end - proposal.closes_at - 5 * HOUR) < SECOND
    tally = voting.close(proposal, at=reach(end))
    assert (tally.closed_at, tally.extended) == (end, False)
    assert standstills.end_of(proposal, tally) == end
    assert again(proposal).mandate.due_at - proposal.locked_until == end - proposal.closes_at


@pytest.mark.usefixtures("committed")
def test_a_standstill_in_the_middle_counts_and_a_short_one_does_not(
    published: Callable[..., Proposal], owner: psycopg.Connection
) -> None:
    proposal = published("N1")
    cast_all(proposal, yes=25)
    for away in (timedelta(minutes=14), timedelta(hours=6)):
        assert checkpoints.write()
        clock.advance(away)
        asleep(owner, seconds=away.total_seconds())
    assert checkpoints.write()
    reach(proposal.closes_at)
    assert proposal.closes_at
    more = voting.closes(again(proposal), clock.now()) - proposal.closes_at
    assert abs(more - 6 * HOUR) < SECOND


@pytest.mark.usefixtures("committed")
def test_only_what_lies_in_the_time_of_a_vote_counts(owner: psycopg.Connection) -> None:
    assert checkpoints.write()
    clock.advance(6 * HOUR)
    asleep(owner, hours=6)
    assert checkpoints.write()
    ((since, until),) = standstills.known(clock.now())
    at, instant = clock.now(), timedelta(microseconds=1)
    tells = since + timedelta(minutes=15)
    assert [standstills.known(moment) for moment in (tells, tells + instant)] == [[], [(since, tells + instant)]]

    def counts(opens: datetime, closes: datetime) -> bool:
        return bool(standstills.of(Proposal(opens_at=opens, closes_at=closes), at))

    earliest = since - standstills.LONGEST
    assert [counts(earliest - HOUR, closes) for closes in (earliest, earliest + instant)] == [False, True]
    assert [counts(opens, until + HOUR) for opens in (until, until - instant)] == [False, True]


@pytest.mark.usefixtures("committed")
def test_it_is_a_week_at_most_and_once(published: Callable[..., Proposal], owner: psycopg.Connection) -> None:
    proposal = published("N1")
    cast_all(proposal, yes=25)
    away_at_the_close(proposal, owner, before=1, after=24 * 6)
    assert checkpoints.write()
    asleep(owner, hours=1000)
    assert checkpoints.write()
    assert proposal.closes_at
    assert voting.closes(again(proposal), clock.now()) == proposal.closes_at + standstills.GIVEN_BACK


@pytest.mark.usefixtures("committed")
def test_what_turns_in_the_time_given_back_keeps_the_vote_open(
    published: Callable[..., Proposal], owner: psycopg.Connection
) -> None:
    proposal = published("N1")
    away_at_the_close(proposal, owner, before=3, after=2)
    assert checkpoints.write()
    cast_all(proposal, yes=25)
    end = voting.closes(again(proposal), clock.now())
    reach(end)
    assert voting.closes(again(proposal), clock.now()) == end + standstills.LATER
    tally = voting.close(proposal, at=reach(end + standstills.LATER))
    assert tally.extended
    assert tally.closed_at == standstills.end_of(proposal, tally) == end + standstills.LATER


@pytest.mark.usefixtures("committed")
def test_a_vote_that_stood_still_is_due_later(
    published: Callable[..., Proposal], folder: Open, owner: psycopg.Connection
) -> None:
    vote = published("N1")
    assert vote.closes_at
    assert vote.locked_until
    cast_choices(vote, ["yes"] * 30)
    assert checkpoints.write()
    reach(vote.closes_at + timedelta(hours=1))
    asleep(owner, hours=4)
    assert checkpoints.write()
    tally = voting.close(vote, at=reach(voting.closes(vote, clock.now())))
    assert tally.closed_at
    opened = folder(voting.listed().get(pk=vote.pk))
    code, said = opened.run()
    due = vote.locked_until + (tally.closed_at - vote.closes_at)
    assert (code, f"a mandate from {due.isoformat()}" in said) == (0, True), said
    opened.change_rule(stood_still=[])
    assert opened.run()[0] == 1


@pytest.mark.usefixtures("committed")
def test_an_election_that_stood_still_fills_its_seat_all_the_same(
    call: Call, amina: Person, luis: Person, owner: psycopg.Connection
) -> None:
    elections.stand(call, statement="I can count.", by=luis, at=clock.now())
    vote = elections.put_to_vote(call, by=amina, at=reach(call.closes_at + timedelta(days=6)))
    cast_choices(vote, ["1"] * 12)
    away_at_the_close(vote, owner, before=100, after=50)
    assert checkpoints.write()
    voting.close(vote, at=reach(voting.closes(vote, clock.now())))
    mandate = again(vote).mandate
    assert mandate.due_at > call.starts_at
    assert not mandates.enact(mandate, at=reach(mandate.due_at)).failure
    assert Office.objects.get(person=luis, mandate=mandate).starts_at == call.starts_at


@pytest.mark.usefixtures("committed")
def test_the_page_says_what_was_lost(
    published: Callable[..., Proposal], owner: psycopg.Connection, amina: Person, signed_in: Callable[..., Browser]
) -> None:
    proposal = published("N1")
    away_at_the_close(proposal, owner, before=3, after=2)
    assert checkpoints.write()
    said = signed_in(amina).get(f"/votes/{proposal.pk}/").content.decode()
    assert "stood still for 5 hours" in said
    assert "The outcome turned" not in said


@pytest.mark.usefixtures("committed")
def test_a_vote_that_is_held_stands_still(
    published: Callable[..., Proposal], attack: Callable[..., None], cluster: Cluster, database_name: str
) -> None:
    proposal = published("N1")
    reach(proposal.opens_at)
    with psycopg.connect(cluster.url(roles.WEB, database_name)) as holder:
        holder.execute("SET lock_timeout = 0")
        holder.execute("SELECT FROM governance_proposal WHERE id = %s FOR UPDATE", [proposal.pk])
        attack(WRITE, guard="checkpoint_finds_votes_free")
        assert not checkpoints.write()
        holder.rollback()
    assert checkpoints.write()


@pytest.mark.usefixtures("committed")
def test_a_session_that_holds_a_vote_for_long_is_ended(
    published: Callable[..., Proposal], amina: Person, cluster: Cluster, database_name: str
) -> None:
    """The site's own role can lift its limits; what it holds then ends all the same, and who waited can vote."""
    proposal = published("N1")
    at = reach(proposal.opens_at)
    with psycopg.connect(cluster.url(roles.WEB, database_name)) as holder:
        holder.execute("SET lock_timeout = 0; SET idle_in_transaction_session_timeout = 0")
        holder.execute("SELECT FROM governance_proposal WHERE id = %s FOR UPDATE", [proposal.pk])
        assert checkpoints.end_what_holds() == 0, "not before it is long"
        assert checkpoints.end_what_holds(timedelta(milliseconds=1)) == 1
        with pytest.raises(psycopg.OperationalError):
            holder.execute("SELECT 1")
    assert voting.cast(proposal, "yes", by=amina, at=at).words


@pytest.mark.usefixtures("committed")
def test_no_checkpoint_is_written_while_a_transaction_is_kept_open(
    attack: Callable[..., None], owner: psycopg.Connection, cluster: Cluster, database_name: str
) -> None:
    with psycopg.connect(cluster.url(roles.WEB, database_name)) as long:
        long.execute("SELECT pg_current_xact_id()")
        assert checkpoints.write()
        asleep(owner, held=True, minutes=11)
        attack(WRITE, guard="checkpoint_finds_the_record_moving")
        long.rollback()
    wait_for_others(owner)
    assert checkpoints.write()


def test_nobody_writes_when_the_record_stood_still(attack: Callable[..., None]) -> None:
    assert checkpoints.write()
    assert not checkpoints.write()
    for statement in (
        "INSERT INTO record_checkpoint (size, stood_still_since) VALUES (0, now() - interval '3 days')",
        "INSERT INTO record_checkpoint (size, at, machine_at, transaction) VALUES (0, now(), now(), 1)",
        "UPDATE record_checkpoint SET stood_still_since = now()",
        "DELETE FROM record_checkpoint",
    ):
        attack(statement, guard="permission denied")
    assert Checkpoint.objects.get().stood_still_since is None


def test_not_even_the_owner_rewrites_it(owner: psycopg.Connection) -> None:
    owner.execute(WRITE)
    for statement in ("UPDATE record_checkpoint SET at = now()", "DELETE FROM record_checkpoint"):
        with (
            pytest.raises(psycopg.errors.CheckViolation, match="never rewritten"),
            owner.transaction(force_rollback=True),
        ):
            owner.execute(statement)


@pytest.mark.parametrize(("extended", "later"), [(False, timedelta()), (True, standstills.LATER)])
def test_what_was_counted_before_that_was_written_closed_as_planned(
    published: Callable[..., Proposal], later: timedelta, *, extended: bool
) -> None:
    vote = published()
    assert vote.closes_at
    tally = Tally(proposal=vote, counted_at=vote.closes_at + timedelta(days=3), closed_at=None, extended=extended)
    assert voting.closed_at(vote, tally) == vote.closes_at + later


@pytest.mark.parametrize(("extended", "later"), [(False, timedelta()), (True, standstills.LATER)])
def test_the_guards_know_it_likewise(box: psycopg.Connection, later: timedelta, *, extended: bool) -> None:
    box.execute("ALTER TABLE governance_tally DISABLE TRIGGER ALL")
    with laid(box, "N10", []) as (vote, _counts):
        box.execute(
            "INSERT INTO governance_tally (proposal_id, counted_at, counts, passed, extended, files)"
            " VALUES (%s, now(), '{}', false, %s, '{}')", [vote, extended],
        )  # fmt: skip
        asked = "SELECT governance_close_of(id) - closes_at FROM governance_proposal WHERE id = %s"
        assert box.execute(asked, [vote]).fetchone() == (later,)
