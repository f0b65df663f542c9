"""Really at once: two ballots of one person, a close against a ballot, two who count, two who carry out."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import psycopg
import pytest
from django.db import connection

from coop import clock
from coop.database import roles
from coop.database.embedded import Cluster
from coop.people.models import Person
from coop.record.models import Event
from governance import mandates, resigning, voting
from governance.models import Enactment, Mandate, Proposal, Tally
from tests.governance.conftest import Voted, cast_all, reach

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("committed")]


def at_once(*acts: Callable[[], object]) -> Sequence[object]:
    """Run acts in threads that start together; return what each returned or the error it raised."""
    gate = threading.Barrier(len(acts))

    def run(act: Callable[[], object]) -> object:
        gate.wait()
        try:
            return act()
        except Exception as error:  # noqa: BLE001 - what a loser gets is the question
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


def test_eight_ballots_of_one_person_at_once_are_one_vote(published: Callable[..., Proposal], amina: Person) -> None:
    proposal = published()
    at = reach(proposal.opens_at)
    done = at_once(*[lambda: voting.cast(proposal, "yes", by=amina, at=at)] * 8)
    assert all(isinstance(receipt, voting.Receipt) for receipt in done)
    assert sorted(receipt.ballot.number for receipt in done) == list(range(1, 9))  # type: ignore[attr-defined]
    tally = voting.close(proposal, at=reach(proposal.closes_at))
    assert tally.counts["whole"]["yes"] == 1


def test_a_ballot_under_way_at_the_close_is_counted(
    published: Callable[..., Proposal], amina: Person, cluster: Cluster, database_name: str
) -> None:
    proposal = published()
    reach(proposal.opens_at)
    with psycopg.connect(cluster.url(roles.WEB, database_name)) as late:
        late.execute(
            "INSERT INTO governance_ballot (proposal_id, person_id, choice, receipt, cast_at)"
            " VALUES (%s, %s, 'yes', %s, now())", [proposal.pk, amina.pk, "b" * 64],
        )  # fmt: skip
        at = reach(proposal.closes_at)
        with ThreadPoolExecutor(1) as pool:
            counting = pool.submit(_close, proposal, at)
            with pytest.raises(TimeoutError):
                counting.result(timeout=0.5)
            late.commit()
            assert counting.result(timeout=10).counts["whole"]["yes"] == 1


def _close(proposal: Proposal, at: object) -> Tally:
    try:
        return voting.close(proposal, at=at)  # type: ignore[arg-type]
    finally:
        connection.close()


def test_a_ballot_that_waits_past_the_close_is_refused(
    published: Callable[..., Proposal], amina: Person, cluster: Cluster, database_name: str
) -> None:
    proposal = published()
    at = reach(proposal.opens_at)
    with psycopg.connect(cluster.url(roles.OWNER, database_name)) as holder:
        holder.execute("SELECT FROM governance_proposal WHERE id = %s FOR UPDATE", [proposal.pk])
        with ThreadPoolExecutor(1) as pool:
            casting = pool.submit(lambda: at_once(lambda: voting.cast(proposal, "yes", by=amina, at=at)))
            with pytest.raises(TimeoutError):
                casting.result(timeout=0.5)
            reach(proposal.closes_at)
            holder.rollback()
            (refused,) = casting.result(timeout=10)
    assert "This vote is not open" in str(refused)


def test_four_who_count_find_one_result_and_give_one_mandate(published: Callable[..., Proposal]) -> None:
    proposal = published()
    cast_all(proposal, yes=3)
    at = reach(proposal.closes_at)
    done = at_once(*[lambda: voting.close(proposal, at=at)] * 4)
    assert {tally.pk for tally in done} == {Tally.objects.get().pk}  # type: ignore[attr-defined]
    assert Mandate.objects.exclude(proposal=None).count() == 1


def test_four_who_carry_out_do_it_once(voted: Voted) -> None:
    mandate = voted(yes=3).mandate
    at = clock.now()
    done = at_once(*[lambda: mandates.enact(mandate, at=at)] * 4)
    assert {enactment.pk for enactment in done} == {Enactment.objects.get().pk}  # type: ignore[attr-defined]
    assert Event.objects.filter(kind="hall.painted").count() == 1


def test_two_cuts_published_at_once_are_one(draft: Callable[..., Proposal], amina: Person) -> None:
    from governance import proposals  # noqa: PLC0415

    drafts = [draft("N1", "green"), draft("N2", "blue")]
    at = clock.now()
    done = at_once(*[lambda one=one: proposals.publish(one, by=amina, at=at) for one in drafts])
    assert sum(isinstance(one, Proposal) for one in done) == 1
    assert Proposal.objects.exclude(published_at=None).count() == 1


def test_nobody_leaves_by_a_notice_that_is_being_taken_back(
    amina: Person, cluster: Cluster, database_name: str, later: Callable[..., datetime]
) -> None:
    notice = resigning.give_notice(amina, pressure="none", at=clock.now())
    later(days=7, seconds=1)
    takes = "UPDATE governance_resignation SET taken_back_at = now() WHERE id = %s"
    leaves = """INSERT INTO governance_standing (person_id, status, since, rule, recorded_by_id)
        VALUES (%s, 'left', now(), 'D1', %s)"""
    url = cluster.url(roles.WEB, database_name)
    with psycopg.connect(url) as first, psycopg.connect(url) as second:
        first.execute(takes, [notice.pk])
        second.execute("SET lock_timeout = '300ms'")
        with pytest.raises(psycopg.errors.LockNotAvailable):
            second.execute(leaves, [amina.pk, amina.pk])
        first.commit()
        second.rollback()
        with pytest.raises(psycopg.errors.CheckViolation, match="lowered only by"):
            second.execute(leaves, [amina.pk, amina.pk])
