"""The life of a vote: which state it is in, casting a ballot, counting at the close. Time decides, never an officer."""

import logging
from collections.abc import Iterable
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.core.cache import cache
from django.db import IntegrityError, connection, models, transaction
from django.db.models import Case, Exists, OuterRef, Value, When
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from coop import due
from coop.people.models import Person
from coop.record import checkpoints, events
from coop.refusals import Refusal, Refused, refuse_if
from governance import counting, mandates, options, receipts, rivals, standing, standstills
from governance.models import Ballot, Choice, Enactment, Mandate, Proposal, RollEntry, Tally

log = logging.getLogger(__name__)

HOUR = 3600


class State(models.TextChoices):
    """Where a proposal stands, computed from its times and from the rows that exist."""

    DRAFT = "draft", gettext_lazy("Draft")
    PUBLISHED = "published", gettext_lazy("Being discussed")
    FROZEN = "frozen", gettext_lazy("Last days before the vote")
    VOTING = "voting", gettext_lazy("Vote open")
    CLOSED = "closed", gettext_lazy("Closed, to be counted")
    LOST = "lost", gettext_lazy("Not passed")
    FIRST_READING = "passed_first_reading", gettext_lazy("Passed the first of two readings")
    LOCKED = "locked", gettext_lazy("Passed, takes effect later")
    DUE = "due", gettext_lazy("Passed, taking effect now")
    ENACTED = "enacted", gettext_lazy("In force")
    FAILED = "failed", gettext_lazy("Passed, but could not take effect")
    STOPPED = "stopped", gettext_lazy("Passed, then stopped by the members")
    EXPIRED = "expired", gettext_lazy("Passed, but never took effect")


class Stopping(models.TextChoices):
    """Whether members stand in the way of a decision that passed."""

    NOT = "not", gettext_lazy("Not asked for, or voted down")
    ASKED = "asked", gettext_lazy("A vote that may stop it runs or is being counted")
    STOPPED = "stopped", gettext_lazy("Stopped")


_ASKED = Proposal.objects.filter(petition__stops=OuterRef("pk")).exclude(published_at=None)
_STOP = Case(
    When(Exists(_ASKED.filter(tally__passed=True)), then=Value(Stopping.STOPPED.value)),
    When(Exists(_ASKED.filter(tally=None)), then=Value(Stopping.ASKED.value)),
    default=Value(Stopping.NOT.value),
)


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a voter is handed: the ballot's row and the words that find it again. Shown once, kept by the voter only."""

    ballot: Ballot
    words: str


def state(proposal: Proposal, at: datetime) -> State:
    """Return where a proposal stands at a moment; no query if tally, mandate and enactment were selected with it."""
    if proposal.published_at is None:
        return State.DRAFT
    for ends, phase in (
        (proposal.frozen_at, State.PUBLISHED), (proposal.opens_at, State.FROZEN), (proposal.closes_at, State.VOTING)
    ):  # fmt: skip
        if ends and at < ends:
            return phase
    tally = _of(proposal, "tally")
    if not isinstance(tally, Tally):
        return State.CLOSED if at >= closes(proposal, at) else State.VOTING
    return _after_count(proposal, tally, at)


def _after_count(proposal: Proposal, tally: Tally, at: datetime) -> State:
    if not tally.passed:
        return State.LOST
    mandate = _of(proposal, "mandate")
    if not isinstance(mandate, Mandate):
        return State.FIRST_READING
    enactment = _of(mandate, "enactment")
    if isinstance(enactment, Enactment):
        return State.FAILED if enactment.failure else State.ENACTED
    stop = stopping(proposal)
    if stop == Stopping.STOPPED:
        return State.STOPPED
    if at < mandate.due_at or (stop == Stopping.ASKED and at < mandate.expires_at):
        return State.LOCKED
    return State.DUE if at < mandate.expires_at else State.EXPIRED


def stopping(proposal: Proposal) -> Stopping:
    """Return whether a decision is stopped by a vote, or waits for one that may (3.2); known already if `listed`."""
    stop = getattr(proposal, "stop", None)
    if stop is None:
        stop = Proposal.objects.filter(pk=proposal.pk).values_list(_STOP, flat=True).get()
    return Stopping(stop)


def closes(proposal: Proposal, at: datetime) -> datetime:
    """Return when a vote closes: as published, or later.

    By what it lost to a standstill (P11), and by 72 hours if its last 48 hours turned the outcome (P7). The database
    works it out once the published end is reached; before, nobody knows.
    """
    if proposal.closes_at is None or at < proposal.closes_at:
        return proposal.closes_at or at
    tally = _of(proposal, "tally")
    if isinstance(tally, Tally):
        return closed_at(proposal, tally)
    with connection.cursor() as cursor:
        cursor.execute("SELECT public.governance_close_of(%s)", [proposal.pk])
        (when,) = cursor.fetchone()
    found: datetime = when
    return found


def closed_at(proposal: Proposal, tally: Tally) -> datetime:
    """Return when a counted vote closed; what was counted before that was written down, as P7 says."""
    planned = proposal.closes_at or tally.counted_at
    return tally.closed_at or planned + (standstills.LATER if tally.extended else timedelta())


def _of(row: models.Model, name: str) -> object:
    """Return a row's one-to-one companion, or None."""
    return getattr(row, name, None)


def listed() -> models.QuerySet[Proposal]:
    """Return all published proposals, newest first, with what their states are computed from."""
    known = Proposal.objects.select_related(
        "rule", "tally", "mandate__enactment", "first_reading", "proposed_by", "rival_of"
    )
    return known.annotate(stop=_STOP).exclude(published_at=None).order_by("-published_at", "-id")


def open_now(at: datetime) -> list[Proposal]:
    """Return the votes that are open, the one that closes first first; those that go on beyond their end among them.

    Rivals are voted on with their first, and not told beside it.
    """
    around = listed().filter(rival_of=None, opens_at__lte=at, closes_at__gt=at - standstills.LONGEST, tally=None)
    around = around.order_by("closes_at")
    return [vote for vote in around if state(vote, at) == State.VOTING]


def entry(proposal: Proposal, person: Person) -> RollEntry | None:
    """Return a person's place on the roll of a vote, or None."""
    # Not first(): in the order of numbers, the planner may walk a long roll from its beginning.
    return next(iter(RollEntry.objects.filter(proposal=proposal, person=person)[:1]), None)


def has_voted(proposal: Proposal, person: Person) -> bool:
    """Tell whether a person has voted: whether, never how."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT public.governance_has_voted(%s, %s)", [proposal.pk, person.pk])
        (voted,) = cursor.fetchone()
    return bool(voted)


def voted_in(votes: Iterable[Proposal], person: Person) -> set[int]:
    """Return the numbers of those votes in which a person has voted; one query for all of them."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT vote FROM unnest(%s::bigint[]) vote WHERE public.governance_has_voted(vote, %s)",
            [[vote.pk for vote in votes], person.pk],
        )
        return {vote for (vote,) in cursor.fetchall()}


def refusal(proposal: Proposal, *, by: Person, at: datetime) -> Refusal | None:
    """Return why a person cannot vote on a proposal now, or None."""
    if proposal.published_at is None or proposal.opens_at is None or at < proposal.opens_at:
        return Refusal(
            _("The vote has not opened yet."), rule=proposal.rule.key, status=409,
            appeal=_("Until then you can read and discuss it."),
        )  # fmt: skip
    if at >= closes(proposal, at):
        return Refusal(
            _("The vote is closed."), rule="P6", appeal=_("You can see the result and check your receipt."), status=409
        )
    if all(entry(one, by) is None for one in rivals.on_the_ballot(proposal)):
        return Refusal(
            _("You are not on the roll of this vote."), rule="R1",
            appeal=_("The roll was frozen when the proposal was published: members of 30 days with 10 paid hours."),
        )  # fmt: skip
    # A pause does not reach here (R4); whoever left or was expelled since has no vote any more.
    return standing.refusal(by, doing="vote", at=at)


def choice_refusal(proposal: Proposal, choice: str) -> Refusal | None:
    """Return why a ballot cannot say this, or None."""
    if options.may_say(proposal, choice):
        return None
    return Refusal(_("This ballot does not offer that choice."), rule="P6", appeal=_("Choose again."), status=400)


def cast(proposal: Proposal, choice: str, *, by: Person, at: datetime) -> Receipt:
    """Cast a ballot and return its receipt. A later ballot of the same person replaces it (B2).

    `choice` is written as `options` says. Raises Refused when the person cannot vote on it now, or when the ballot
    does not offer it. The event says that somebody voted, not who.
    """
    proposal = rivals.first_of(proposal)
    if choice not in Choice.values:
        refuse_if(choice_refusal(proposal, choice))
    words = receipts.new()
    try:
        ballot = _lay_down(proposal, choice, receipts.digest(words), by, at)
    except IntegrityError:
        # The database knows who may vote, and whether by yes or no; it is asked here only to say why somebody may not.
        refuse_if(refusal(proposal, by=by, at=at) or choice_refusal(proposal, choice))
        raise
    return Receipt(ballot, words)


# By hand: many vote in the same hour, and a row saved through its model costs four times as much.
LAY_DOWN = """
INSERT INTO governance_ballot (proposal_id, person_id, choice, receipt, cast_at) VALUES (%s, %s, %s, %s, %s)
RETURNING id, number
"""
CAST = f"WITH laid AS ({LAY_DOWN}), told AS ({events.WRITE}) SELECT id, number FROM laid"  # noqa: S608 - both our own


def _lay_down(proposal: Proposal, choice: str, receipt: str, by: Person, at: datetime) -> Ballot:
    """Write a ballot and its event, which says no name, with one statement: it stands or falls by itself."""
    event = events.columns("voting.cast", by=None, subject=f"proposal:{proposal.pk}", at=at, receipt=receipt)
    # Within another transaction, what is refused must not end that one.
    with transaction.atomic() if connection.in_atomic_block else nullcontext(), connection.cursor() as cursor:
        cursor.execute(CAST, [proposal.pk, by.pk, choice, receipt, at, *event])
        pk, number = cursor.fetchone()
    return Ballot(pk=pk, proposal=proposal, person=by, number=number, choice=choice, receipt=receipt, cast_at=at)


def close_refusal(proposal: Proposal, *, at: datetime) -> Refusal | None:
    """Return why a vote cannot be counted now, or None. Who asks does not matter (P5)."""
    if proposal.closes_at is None or at < closes(proposal, at):
        return Refusal(_("The vote is still open: nothing is counted before its end."), rule="P6", status=409)
    return None


def close(proposal: Proposal, *, at: datetime) -> Tally:
    """Count a vote whose time is over and, if it passed, give the mandate. Anybody may; counted already is fine.

    Raises Refused before the end. The database counts; whether that passes is worked out here once more.
    """
    # After a standstill, what was lost is counted from now on and not from whenever the worker comes back.
    checkpoints.write()
    try:
        with transaction.atomic():
            # Wait for ballots cast in the last moment; whoever counts second finds the tally.
            Proposal.objects.select_for_update().get(pk=proposal.rival_of_id or proposal.pk)
            proposal = Proposal.objects.select_related("rule", "rival_of").get(pk=proposal.pk)
            counted = Tally.objects.filter(proposal=proposal).first()
            return counted or _count(proposal, at)
    except IntegrityError:
        refuse_if(close_refusal(proposal, at=at))
        raise


# The database fills in what it counts; counted here as well, a large vote would take twice as long.
COUNT = "INSERT INTO governance_tally (proposal_id, counted_at) VALUES (%s, %s)"


def _count(proposal: Proposal, at: datetime) -> Tally:
    with connection.cursor() as cursor:
        cursor.execute(COUNT, [proposal.pk, at])
    tally = Tally.objects.get(proposal=proposal)
    if tally.passed != counting.passes(tally.counts, proposal):
        message = f"vote {proposal.pk}: the counts of the database do not come to what it says"
        raise IntegrityError(message)
    subject = f"proposal:{proposal.pk}"
    events.write(
        "voting.closed", by=None, subject=subject, at=at, counts=tally.counts, passed=tally.passed, files=tally.files
    )
    if tally.passed and (proposal.rule.readings == 1 or proposal.first_reading_id):
        mandates.give(proposal, at=at)
    return tally


def carry_on(proposal: Proposal, *, at: datetime) -> None:
    """Do what is due on a proposal, each step in its own transaction: count it, then enact it. Anybody may (P5)."""
    if state(proposal, at) == State.CLOSED:
        close(proposal, at=at)
        proposal = listed().get(pk=proposal.pk)
    if state(proposal, at) == State.DUE:
        mandates.enact(proposal.mandate, at=at)


def carry_on_all(at: datetime) -> int:
    """Do what is due on all proposals and return on how many something was; one that fails holds up no other."""
    waiting = [proposal for proposal in _perhaps_due(at) if state(proposal, at) in {State.CLOSED, State.DUE}]
    return due.each(lambda one: _carried_on(one, at), waiting, failed="vote %s could not be carried on")


def _carried_on(proposal: Proposal, at: datetime) -> bool:
    try:
        carry_on(proposal, at=at)
    except Refused as refused:
        # It waits for what may pass, and expires by itself: that is no error. But it may wait for a fault of ours.
        why = refused.__cause__
        told = why and cache.add(f"vote-waits:{proposal.pk}", True, HOUR)  # noqa: FBT003 - the value that is kept
        log.log(logging.WARNING if told else logging.INFO, "vote %s waits: %s", proposal.pk, why or refused)
        return False
    return True


def _perhaps_due(at: datetime) -> Iterable[Proposal]:
    open_end = models.Q(tally=None) | models.Q(mandate__isnull=False, mandate__enactment=None)
    return listed().filter(open_end, closes_at__lte=at)
