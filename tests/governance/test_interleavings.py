"""A ballot and the close of its vote, a thousand times at the same moment (B14): refused or counted, never both."""

import random
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import psycopg
import pytest
from django.db import connection

from coop import clock
from coop.database import roles
from coop.database.embedded import Cluster
from governance.models import Proposal
from governance.voting import COUNT, LAY_DOWN
from tests.governance.conftest import reach

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("committed")]

ROUNDS = 1_000
# Around the close, in seconds: when a ballot and a count begin, and how long a ballot may wait for its commit.
AROUND, HELD = 0.005, 0.004
# A thousand votes as the one that was published, an hour apart, with three electors who voted early and one to come:
# through the acts they would take minutes. The guards are off for these rows only; the races run with all of them on.
VOTES = """
ALTER TABLE governance_proposal DISABLE TRIGGER USER;
ALTER TABLE governance_rollentry DISABLE TRIGGER USER;
ALTER TABLE governance_ballot DISABLE TRIGGER USER;
INSERT INTO governance_proposal OVERRIDING SYSTEM VALUE SELECT (jsonb_populate_record(p, jsonb_build_object(
    'id', p.id + n, 'closes_at', p.closes_at + n * interval '1 hour',
    'locked_until', p.locked_until + n * interval '1 hour'
))).* FROM governance_proposal p CROSS JOIN generate_series(1, %(rounds)s) n WHERE p.id = %(vote)s;
INSERT INTO governance_rollentry (proposal_id, person_id, position, affected, senior)
    SELECT l.proposal_id + n, l.person_id, l.position, l.affected, l.senior
    FROM governance_rollentry l CROSS JOIN generate_series(1, %(rounds)s) n
    WHERE l.proposal_id = %(vote)s AND l.position <= 4;
INSERT INTO governance_ballot (proposal_id, person_id, number, choice, receipt, cast_at)
    SELECT l.proposal_id, l.person_id, 1, 'yes', encode(sha256(convert_to(l.id::text, 'UTF8')), 'hex'), p.opens_at
    FROM governance_rollentry l JOIN governance_proposal p ON p.id = l.proposal_id
    WHERE l.proposal_id > %(vote)s AND l.position <= 3;
SET CONSTRAINTS ALL IMMEDIATE;
"""
ALWAYS = """
SELECT format('ALTER TABLE %s ENABLE ALWAYS TRIGGER %I', tgrelid::regclass, tgname) FROM pg_trigger
WHERE tgenabled = 'A' AND NOT tgisinternal
    AND tgrelid::regclass::text IN ('governance_proposal', 'governance_rollentry', 'governance_ballot')
"""
COUNTED = """
SELECT t.proposal_id, (t.counts -> 'whole' ->> 'yes')::integer - 3, receipt.digest IS NOT NULL
FROM governance_tally t LEFT JOIN LATERAL governance_receipts(t.proposal_id) AS receipt(digest)
    ON receipt.digest = lpad(t.proposal_id::text, 64, 'f')
"""


@pytest.fixture
def votes(published: Callable[..., Proposal], owner: psycopg.Connection) -> Proposal:
    """Return an open vote, after which come a thousand that close an hour after each other."""
    vote = published()
    reach(vote.opens_at)
    guards = owner.execute(ALWAYS).fetchall()
    psycopg.ClientCursor(owner).execute(VOTES, {"vote": vote.pk, "rounds": ROUNDS})
    for (again,) in guards:
        owner.execute(again)
    owner.commit()
    return vote


@pytest.fixture
def voter(cluster: Cluster, database_name: str, votes: Proposal) -> Iterator[psycopg.Connection]:
    """Connect as the web role, to vote."""
    with psycopg.connect(cluster.url(roles.WEB, database_name), autocommit=True) as web:
        yield web


@pytest.fixture
def counter(cluster: Cluster, database_name: str, votes: Proposal) -> Iterator[psycopg.Connection]:
    """Connect as the web role, to count."""
    with psycopg.connect(cluster.url(roles.WEB, database_name), autocommit=True) as web:
        yield web


def casts(web: psycopg.Connection, vote: int, elector: int, *, start: float, held: float) -> bool:
    """Cast a ballot at a moment, commit it a little later, and tell whether it was accepted."""
    time.sleep(max(0.0, start - time.monotonic()))
    try:
        with web.transaction():
            web.execute(LAY_DOWN, [vote, elector, "yes", str(vote).rjust(64, "f"), clock_unread()])
            time.sleep(held)
    except psycopg.errors.CheckViolation as refused:
        return by_guard(refused, "ballot_is_cast_while_the_vote_is_open")
    return True


def counts(web: psycopg.Connection, vote: int, *, start: float) -> None:
    """Count a vote from a moment on, again and again until its time is over."""
    time.sleep(max(0.0, start - time.monotonic()))
    while True:
        try:
            with web.transaction():
                web.execute("SELECT FROM governance_proposal WHERE id = %s FOR UPDATE", [vote])
                web.execute(COUNT, [vote, clock_unread()])
        except psycopg.errors.CheckViolation as refused:
            by_guard(refused, "tally_is_what_the_ballots_say")
        else:
            return


def by_guard(refused: psycopg.errors.CheckViolation, guard: str) -> bool:
    """Return that something was not accepted, having made sure that this guard said so."""
    if refused.diag.constraint_name != guard:
        raise refused
    return False


def clock_unread() -> str:
    """Return a time of which the guards keep nothing: they write their own."""
    return "2000-01-01"


def until(vote: Proposal) -> float:
    """Let the clock run to just before a vote closes, and return when that is on the clock of this process."""
    assert vote.closes_at is not None
    clock.advance(vote.closes_at - clock.now() - timedelta(seconds=3 * AROUND))
    return time.monotonic() + (vote.closes_at - clock.now()).total_seconds()


def test_a_thousand_ballots_at_the_close_are_refused_or_counted(
    votes: Proposal, voter: psycopg.Connection, counter: psycopg.Connection
) -> None:
    chance, accepted = random.Random(14), {}  # noqa: S311 - it draws moments
    elector = votes.roll.get(position=4).person_id
    with ThreadPoolExecutor(2) as pool:
        for vote in Proposal.objects.filter(pk__gt=votes.pk).order_by("pk"):
            close = until(vote)
            start, held = close + chance.uniform(-AROUND, AROUND), chance.uniform(0, HELD)
            ballot = pool.submit(casts, voter, vote.pk, elector, start=start, held=held)
            counting = pool.submit(counts, counter, vote.pk, start=close + chance.uniform(-AROUND, AROUND))
            accepted[vote.pk] = ballot.result(timeout=30)
            counting.result(timeout=30)
    with connection.cursor() as cursor:
        cursor.execute(COUNTED)
        counted = {vote: (yes, found) for vote, yes, found in cursor.fetchall()}
    assert counted == {vote: (int(was), was) for vote, was in accepted.items()}
    assert len(counted) == ROUNDS
    # Neither comes always first: or nothing would have been raced.
    assert ROUNDS / 20 < sum(accepted.values()) < ROUNDS * 19 / 20
