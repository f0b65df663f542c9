"""A vote to try things on: about the colour of the hall, by the rule that a test chooses."""

import time
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

import psycopg
import pytest
from django.db import connection, transaction
from psycopg import sql
from pytest_django import Settings

from coop import clock
from coop.people.models import Person
from governance import pauses, proposals, resigning, supporting, voting
from governance.models import Case, Method, Panel, Pause, PauseGround, PauseRequest, Proposal, RollEntry
from governance.options import Alternative, Asked
from tests.governance import charging

type Voted = Callable[..., Proposal]
type Taken = Callable[[str, object], None]
MINUTE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def paint(settings: Settings) -> None:
    """Let the colour of the hall be voted on."""
    settings.GOVERNANCE_POLICIES = [*settings.GOVERNANCE_POLICIES, "tests.governance.paint.Paint"]


@pytest.fixture
def draft(amina: Person, now: datetime) -> Callable[..., Proposal]:
    """Return a function that drafts a proposal of Amina's, decided by the rule it is given, that five members back."""

    def write(rule: str = "N10", colour: str = "green", **facts: object) -> Proposal:
        proposal = proposals.draft(
            policy="paint", payload={"rule": rule, "colour": colour}, title=f"Shall the hall be {colour}?",
            text="It was grey for long.\nLines, “quotes” and \\ stay as they are.", by=amina, at=clock.now(), **facts,  # type: ignore[arg-type]
        )  # fmt: skip
        return support(proposal)

    return write


@pytest.fixture
def published(draft: Callable[..., Proposal], amina: Person) -> Callable[..., Proposal]:
    """Return a function that drafts and publishes."""

    def publish(rule: str = "N10", colour: str = "green", **facts: object) -> Proposal:
        return proposals.publish(draft(rule, colour, **facts), by=amina, at=clock.now())

    return publish


def members() -> list[Person]:
    """Return the members of the founding, oldest account first."""
    return list(Person.objects.filter(standings__status="member", standings__rule="founding").order_by("pk"))


def support(draft: Proposal, people: int = 5) -> Proposal:
    """Let so many members back a draft, its author first, and return it."""
    others = [person for person in members() if person != draft.proposed_by]
    for person in [draft.proposed_by, *others][:people]:
        supporting.back(draft, by=person, at=clock.now())
    return draft


def reach(moment: datetime | None) -> datetime:
    """Let the clock run to a moment and return the time."""
    assert moment is not None
    gap = moment - clock.now()
    return clock.advance(gap + timedelta(seconds=1)) if gap > timedelta() else clock.now()


def asleep(owner: psycopg.Connection, *, held: bool = False, **lost: float) -> None:
    """Let the machine find out that so much time has passed since the latest checkpoint; the clock does not jump.

    Unless the test itself holds a transaction, what other tests began before is waited for.
    """
    owner.execute("ALTER TABLE record_checkpoint DISABLE TRIGGER USER")
    owner.execute("UPDATE record_checkpoint SET machine_at = machine_at - %s", [timedelta(**lost)])
    names = owner.execute(
        "SELECT tgname FROM pg_trigger WHERE tgrelid = 'record_checkpoint'::regclass AND NOT tgisinternal"
    ).fetchall()
    for (name,) in names:
        owner.execute(sql.SQL("ALTER TABLE record_checkpoint ENABLE ALWAYS TRIGGER {}").format(sql.Identifier(name)))
    owner.commit()
    if not held:
        wait_for_others(owner)


def wait_for_others(owner: psycopg.Connection) -> None:
    """Wait until what other tests began before the latest checkpoint is over: one server keeps all their databases."""
    older = "SELECT max(transaction) < pg_snapshot_xmin(pg_current_snapshot())::text::bigint FROM record_checkpoint"
    while owner.execute(older).fetchone() == (False,):
        owner.commit()
        time.sleep(0.2)
    owner.commit()


def electors(proposal: Proposal) -> list[Person]:
    """Return the people on the roll, in its order."""
    entries = RollEntry.objects.filter(proposal=proposal).select_related("person").order_by("position")
    return [entry.person for entry in entries]


def among(*titles: str, method: Method = Method.APPROVAL) -> Asked:
    """Return how a question among options is put: `draft("N14", asks=among("Red", "Green"))`."""
    return Asked(method, [Alternative(title, text=f"Because {title}.") for title in titles])


def cast_choices(proposal: Proposal, choices: Iterable[str]) -> None:
    """Open the vote if it is not, and let as many electors say these things, as "1,3" or "abstain"."""
    at = reach(proposal.opens_at)
    for person, choice in zip(electors(proposal), choices, strict=False):
        voting.cast(proposal, choice, by=person, at=at)


def cast_all(proposal: Proposal, *, yes: int = 0, no: int = 0, abstain: int = 0) -> None:
    """Open the vote if it is not, and let so many electors vote."""
    cast_choices(proposal, ["yes"] * yes + ["no"] * no + ["abstain"] * abstain)


@pytest.fixture
def voted(published: Callable[..., Proposal]) -> Voted:
    """Return a function that takes a proposal through its vote and counts it."""

    def vote(rule: str = "N10", colour: str = "green", *, yes: int = 20, no: int = 0, abstain: int = 0) -> Proposal:
        proposal = published(rule, colour)
        cast_all(proposal, yes=yes, no=no, abstain=abstain)
        voting.close(proposal, at=reach(proposal.closes_at))
        return voting.listed().get(pk=proposal.pk)

    return vote


@pytest.fixture
def decided(published: Callable[..., Proposal]) -> Callable[..., Proposal]:
    """Return a function that takes a vote among options through its ballots, as "1,3", and counts it."""

    def vote(rule: str, asks: Asked, choices: Iterable[str]) -> Proposal:
        proposal = published(rule, asks=asks)
        cast_choices(proposal, choices)
        voting.close(proposal, at=reach(proposal.closes_at))
        return voting.listed().get(pk=proposal.pk)

    return vote


@pytest.fixture
def asked(samuel: Person) -> Callable[..., PauseRequest]:
    """Return a function by which the safety officer asks for a pause of a person, for facts of its own."""

    def ask(person: Person, *, scope: str = "work", hours: int = 72, by: Person = samuel) -> PauseRequest:
        return pauses.ask(
            person, ground=PauseGround.ACCOUNT_TAKEN_OVER, scope=scope, reason="Signed in from two continents at once.",
            evidence=pauses.evidence_of(f"the log-ins of {person.pk}"), hours=hours, by=by, at=clock.now(),
        )  # fmt: skip

    return ask


@pytest.fixture
def paused(asked: Callable[..., PauseRequest], teresa: Person) -> Callable[..., Pause]:
    """Return a function by which the safety officer and the treasurer pause a person."""

    def pause(person: Person, *, scope: str = "work", hours: int = 72) -> Pause:
        return pauses.confirm(asked(person, scope=scope, hours=hours), by=teresa, at=clock.now())

    return pause


@pytest.fixture
def charged(amina: Person, samuel: Person) -> Case:
    """Return a case: Samuel, the safety officer, charges Amina with copied work."""
    return charging.charge(amina, samuel)


@pytest.fixture
def seated(charged: Case, amina: Person, teresa: Person) -> Panel:
    """Return the panel of that case, drawn and seated; Teresa, the treasurer, was the witness of the lot."""
    panel = charged.panels.get()
    charging.seat(panel, amina, teresa)
    return panel


def depart(person: Person) -> datetime:
    """Let a person give notice and leave when its seven days are over; return the time."""
    notice = resigning.give_notice(person, pressure="none", at=clock.now())
    at = reach(notice.due_at)
    resigning.leave_due(at)
    return at


@pytest.fixture
def taken(_django_db_helper: None) -> Taken:
    """Return a function that runs SQL as the web role, which the database has to take, and undoes it."""

    def attempt(statement: str, params: object) -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement, params)  # type: ignore[arg-type]
            assert cursor.rowcount == 1
            transaction.set_rollback(True)

    return attempt


@pytest.fixture
def until(taken: Taken, attack: Callable[..., None]) -> Callable[..., None]:
    """Return a function that says until when the database takes a statement, to the minute, and what refuses it."""

    def ends(moment: datetime, statement: str, params: object, *, guard: str) -> None:
        reach(moment - MINUTE)
        taken(statement, params)
        reach(moment + MINUTE)
        attack(statement, params, guard=guard)

    return ends


@pytest.fixture
def since(taken: Taken, attack: Callable[..., None]) -> Callable[..., None]:
    """Return a function that says from when on the database takes a statement, and what refuses it before."""

    def begins(moment: datetime, statement: str, params: object, *, guard: str) -> None:
        reach(moment - MINUTE)
        attack(statement, params, guard=guard)
        reach(moment + MINUTE)
        taken(statement, params)

    return begins
