"""A copy of a cooperative that has lived a while, to be tampered with by whoever owns the database."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from django.db import connection, transaction
from pytest_django import DjangoDbBlocker

from coop import clock, demo
from coop.audit import walks
from coop.audit.findings import Finding
from coop.database import roles
from coop.database.embedded import Cluster
from governance import pauses, resigning, turned_away, voting
from governance.models import Measure, PauseGround, Proposal, TurnedFrom
from payments import sealed_statements, sealing
from tasks import reviews
from tasks.models import Job
from tests.conftest import connect_django, person, recreate
from tests.governance import charging
from tests.governance.conftest import cast_all, members, reach
from tests.payments import leftover
from tests.record.waiting import settle

# Runs SQL as the owner of the schema and returns what the audit then finds that is certain.
type Tamper = Callable[..., list[Finding]]


def open_job() -> int:
    """Return the number of a job that takes work."""
    return (
        Job.objects.exclude(opened_at=None).filter(closed_at=None, is_onboarding=False).values_list("pk", flat=True)[0]
    )


def live() -> None:
    """Let the demonstration work, vote a raise, pause somebody, see a member go, end months, divide, budget."""
    demo.populate(clock.now())
    vote = Proposal.objects.latest("pk")
    cast_all(vote, yes=20, no=4)
    voting.close(vote, at=reach(vote.closes_at))
    voting.carry_on_all(reach(vote.locked_until))
    asked = pauses.ask(
        person("luis"), ground=PauseGround.ACCOUNT_TAKEN_OVER, scope="work", reason="Two continents at once.",
        evidence=pauses.evidence_of("the log-ins"), hours=24, by=person("samuel"), at=clock.now(),
    )  # fmt: skip
    pauses.confirm(asked, by=person("teresa"), at=clock.now())
    assert turned_away.note(person("luis"), TurnedFrom.CLAIM, job=open_job(), at=clock.now())
    charging.climb(members()[-1], person("samuel"), person("teresa"), to=Measure.LIMIT)
    notice = resigning.give_notice(person("zainab"), pressure="none", at=clock.advance(timedelta(days=1)))
    resigning.leave_due(reach(notice.due_at))
    sealing.seal_due(clock.now())
    sealed_statements.seal_due(clock.now())
    reviews.accept_silent(at=clock.now())
    leftover.divided(leftover.closed(), person("amina"))
    leftover.budgeted(person("amina"), hosting=2_000_000)


@pytest.fixture(scope="module")
def history() -> Callable[[], None]:
    """Return what the cooperative of a file has lived through."""
    return live


@pytest.fixture(scope="module")
def copy(
    cluster: Cluster, database_name: str, django_db_setup: None, django_db_blocker: DjangoDbBlocker,
    history: Callable[[], None],
) -> Iterator[str]:  # fmt: skip
    """Make the copy once for all tests of a file; return its name."""
    name = f"{database_name}_copy"
    recreate(cluster, name)
    with django_db_blocker.unblock():
        connect_django(cluster, roles.WEB, name)
        history()
        settle()
        connection.close()
        yield name
        connect_django(cluster, roles.WEB, database_name)


@pytest.fixture
def tamper(copy: str, cluster: Cluster, django_db_blocker: DjangoDbBlocker) -> Iterator[Tamper]:
    """Return a function that runs statements as the owner, all undone afterwards, and tells what the audit finds."""

    def run(*statements: str) -> list[Finding]:
        with connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
        return [finding for finding in walks.run() if finding.certain]

    with django_db_blocker.unblock():
        connect_django(cluster, roles.OWNER, copy)
        with transaction.atomic():
            yield run
            transaction.set_rollback(True)
        connect_django(cluster, roles.WEB, copy)
