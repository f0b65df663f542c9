"""A case as its pages show it: its clock, everything written, who decides. Read by the pages, decides nothing."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter

from django.db.models import Prefetch
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from coop.people.models import Person
from governance import cases, deciders, panels
from governance.models import (
    APPEAL_OPEN,
    Case,
    CaseGround,
    CaseKind,
    Decision,
    Equivalent,
    Measure,
    Motion,
    Panel,
    PanelSeat,
    Said,
    Stage,
)

# What the database writes of each sign (`governance_words_of_sign`), here to be read in one's own language.
FACTS = {
    Equivalent.NO_OFFERS: gettext_noop(
        "No job that the member can do was open to them for a day within 14 days, while others had such work."
    ),
    Equivalent.LOST_TIER: gettext_noop("A kind of work that the member did is not open to them any more."),
    Equivalent.HELD_PAYOUT: gettext_noop(
        "Payout %(number)s was asked for more than 72 hours ago and has neither arrived nor come back."
    ),
    Equivalent.MUTED: gettext_noop(
        "For more than 24 hours the site did not let the member write in the assembly, or did not show what they wrote."
    ),
    Equivalent.MASS_REJECTION: gettext_noop(
        "One client sent back or rejected at least five of the member's answers in a week, over a tenth of them."
    ),
    Equivalent.PRESSED_TO_LEAVE: gettext_noop("Asked when giving notice, the member said so."),
}


@dataclass(frozen=True, slots=True)
class Entry:
    """Something in the file: when, by whom, what it is, and its words. `note` says whether it counts."""

    at: datetime
    who: str
    what: str
    text: str
    note: str = ""
    digest: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """A moment of the clock: what is due, by when, and whether it is over."""

    name: str
    at: datetime
    over: bool


def load(pk: int) -> Case | None:
    """Return a case with everything its page shows, in a constant number of queries."""
    seats = PanelSeat.objects.filter(refused=None).select_related("person").order_by("rank")
    known = Case.objects.select_related("person", "charged_by", "office", "client", "bylaw", "pause__first_officer",
                                        "pause__second_officer", "pause__request")  # fmt: skip
    return known.prefetch_related(
        "statements__author", "evidence__added_by", "panels__draw", "panels__hearings__seat__person",
        Prefetch("panels__seats", seats), "panels__decision",
        Prefetch("decisions", Decision.objects.select_related("panel", "motion", "appeal", "restriction")),
        "decisions__motion__evidence", "decisions__motion__folds",
    ).filter(pk=pk).first()  # fmt: skip


def title(case: Case) -> str:
    """Return what a case is about in a few words: its ground."""
    if case.kind == CaseKind.CHARGE:
        return str(CaseGround(case.ground).label)
    if case.kind == CaseKind.EQUIVALENT:
        return str(Equivalent(case.ground).label)
    return _("Whether an emergency pause goes on")


def facts(case: Case) -> str:
    """Return what is said to have happened: a charge's own words, or a sign's in the reader's language."""
    if case.kind != CaseKind.EQUIVALENT:
        return case.facts
    words = _(FACTS[Equivalent(case.ground)])
    payout = re.search(r"[0-9]+", case.facts) if case.ground == Equivalent.HELD_PAYOUT else None
    return words % {"number": payout[0]} if payout else words


def named(case: Case, person: Person | None, reader: Person) -> str:
    """Return how a reader may know somebody: a client's seat-holder learns no member's name (E10)."""
    if person is None:
        return _("The cooperative")
    if person.pk == reader.pk:
        return _("You")
    outsider = case.seat_id is not None and case.charged_by_id == reader.pk
    if outsider:
        return _("The member") if person.pk == case.person_id else _("Somebody of the cooperative")
    return str(person)


def entries(case: Case, reader: Person) -> list[Entry]:
    """Return everything written in a case, oldest first; nothing is hidden from those who may read it."""
    return sorted(_entries(case, reader), key=attrgetter("at"))


def _entries(case: Case, reader: Person) -> Iterator[Entry]:
    for piece in case.evidence.all():
        note = "" if piece.citable else _("Shown too late: it cannot be used.")
        yield Entry(piece.added_at, named(case, piece.added_by, reader), piece.name, piece.text, note, piece.digest)
    for said in case.statements.all():
        yield Entry(said.said_at, named(case, said.author, reader), str(Said(said.kind).label), said.text)
    for panel in case.panels.all():
        for hearing in panel.hearings.all():
            who = named(case, hearing.seat.person, reader)
            yield Entry(hearing.written_at, who, _("Hearing"), hearing.text)
    for decision in case.decisions.all():
        if hasattr(decision, "appeal"):
            appeal = decision.appeal
            yield Entry(appeal.appealed_at, named(case, case.person, reader), _("Appeal"), appeal.reasons)


def steps(case: Case, at: datetime) -> list[Step]:
    """Return the clock of a case: what is due by when."""
    found = list(_steps(case))
    return [Step(name, moment, moment <= at) for name, moment in found]


def _steps(case: Case) -> Iterator[tuple[str, datetime]]:
    yield _("Opened"), case.opened_at
    if case.kind == CaseKind.EQUIVALENT:
        yield _("The cooperative explains by; else it is closed in the member's favour"), case.opened_at + cases.EXPLAIN
    if case.kind == CaseKind.CHARGE:
        yield _("The whole file by; what comes later cannot be used"), case.opened_at + cases.FILE
        yield _("Your answer by"), cases.reply_by(case)
    for panel in case.panels.all():
        if panel.decide_by is not None and not hasattr(panel, "decision"):
            yield _("Decided by; else void for good"), panel.decide_by
    for decision in case.decisions.all():
        yield _("Decided"), decision.decided_at
        if decision.panel.stage == Stage.FIRST and not hasattr(decision, "appeal"):
            yield _("You can appeal until"), decision.decided_at + APPEAL_OPEN


def decided(case: Case, reader: Person) -> list[tuple[Decision, deciders.Decided]]:
    """Return what was decided in a case, each with who sat, by which rule, and the way to appeal."""
    since = deciders.public_since()
    return [(decision, _decided(case, decision, reader, since)) for decision in case.decisions.all()]


def _decided(case: Case, decision: Decision, reader: Person, since: datetime) -> deciders.Decided:
    panel = next(one for one in case.panels.all() if one.pk == decision.panel_id)
    # A client's side reads the same words for each of them: once is enough.
    who = ", ".join(dict.fromkeys(named(case, seat.person, reader) for seat in panel.seats.all()))
    appeal = _way_on(case, decision)
    if case.bylaw:
        return deciders.by_bylaw(case.bylaw, who=who, appeal=appeal)
    rule = "part 6" if case.kind == CaseKind.EMERGENCY else "7.11"
    return deciders.Decided(who, rule, since, appeal)


def _way_on(case: Case, decision: Decision) -> str:
    """Return in words what is left to whoever finds a decision wrong."""
    if case.kind == CaseKind.EMERGENCY:
        return _("It ends by itself. What should last longer needs a charge and a hearing (part 7).")
    if decision.motion.measure == Measure.NOTHING:
        return _("Nothing follows from it for the member. Say in the assembly what is wrong with it, or with the rule.")
    if case.kind == CaseKind.EQUIVALENT:
        return _("It is in the member's favour, and whoever finds the rule wrong puts another to the vote.")
    if decision.panel.stage == Stage.APPEAL:
        return _(
            "Nine others decided on the appeal. An expulsion has no effect before two thirds of the general meeting"
            " agree (N7); anything else ends on its day, and a rule is changed by a vote."
        )
    if hasattr(decision, "appeal"):
        return _("The member has appealed: nothing of it has effect until nine others have decided.")
    until = date_format(localtime(decision.decided_at + APPEAL_OPEN), "DATE_FORMAT")
    return _("The member can appeal to nine others until %(day)s, and nothing of it has effect from then on.") % {
        "day": until
    }


def witness_waits(person: Person, at: datetime) -> list[Panel]:
    """Return the lots that wait for a part of this person's as an officer."""
    return panels.waiting_for_a_witness(person, at)


def open_motions(panel: Panel) -> list[Motion]:
    """Return the motions of a panel with their votes, for those who sit on it."""
    return list(
        panel.motions.select_related("seat__person").prefetch_related("votes__seat__person", "evidence", "folds")
    )
