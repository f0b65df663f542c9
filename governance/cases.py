"""Opening a case and writing in it: the charge, the file, the answer (part 7). Deadlines follow from one time."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import IntegrityError, models, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from coop.people.models import Client, ClientSeat, Person
from coop.record import events
from coop.refusals import Refusal, guard_of, refuse_if
from governance import notices, offices, parameters, standing
from governance.models import (
    Bylaw,
    Case,
    CaseGround,
    CaseKind,
    Decision,
    Evidence,
    Measure,
    NeverAGround,
    Office,
    Panel,
    PanelSeat,
    Pause,
    Said,
    Stage,
    Statement,
    Status,
)

FILE = timedelta(hours=48)
MORE = timedelta(days=14)
DECISION = timedelta(days=45)
EXPLAIN, CONTEST = timedelta(days=7), timedelta(days=15)
ON_FACTS = "equivalents_stand_on_facts"
# E9: a rule applies only to what happened when it had been public for so long.
PUBLIC_FOR = timedelta(days=15)
# Facts of one charge lie within a month, and not further back than a year.
AT_ONCE, BACK = timedelta(days=31), timedelta(days=365)


class State(models.TextChoices):
    """Where a case stands, computed from its times and from the rows that exist."""

    ANSWER = "answer", gettext_lazy("The member's answer is awaited")
    PANEL = "panel", gettext_lazy("Before the panel")
    DECIDED = "decided", gettext_lazy("Decided")
    APPEALED = "appealed", gettext_lazy("Appealed: nothing takes effect meanwhile")
    SETTLED = "settled", gettext_lazy("Decided on appeal")
    VOID = "void", gettext_lazy("Not decided in time: void for good")
    EXPLAINING = "explaining", gettext_lazy("The cooperative has to explain")
    EXPLAINED = "explained", gettext_lazy("Explained")
    IN_FAVOUR = "in_favour", gettext_lazy("Closed in the member's favour")


@dataclass(frozen=True, slots=True)
class Charge:
    """A charge before it is brought: what is said to have happened, by which rule, and what should follow.

    `evidence` is a tuple of (name, words). `capacity` is the office or the client's seat in which somebody charges, or
    None for a member in their own name. `client` is the client whose work it is about, if any.
    """

    ground: str
    bylaw: Bylaw
    facts: str
    happened_from: datetime
    happened_until: datetime
    measure: Measure
    remedy: str
    evidence: tuple[tuple[str, str], ...] = ()
    scope: str = ""
    days: int = 0
    capacity: Office | ClientSeat | None = None
    client: Client | None = None


def charge_refusal(person: Person, charge: Charge, *, by: Person, at: datetime) -> Refusal | None:
    """Return why this person cannot bring this charge, or None. The database asks the same again."""
    return (
        _no_ground(charge)
        or _nobody_to_charge(person, by)
        or _nobody_to_ask(charge, by, at)
        or _rule_too_young(charge)
        or _facts_too_old(charge, at)
        or _charged_before(person, charge)
        or _piling_up(person, by, at)
        or _no_objection(person, charge)
    )


def _no_ground(charge: Charge) -> Refusal | None:
    if charge.ground in {NeverAGround.ORGANISING, NeverAGround.COMPLAINT, NeverAGround.LEAVE}:
        return Refusal(
            _("Organising, voting, speaking, complaining and leaving are protected: nobody is charged with them."),
            rule="7.9",
        )
    if charge.ground not in CaseGround.values:
        return Refusal(
            _("Slow work, declined tasks, ratings or a share of accepted work alone are never a ground."), rule="7.5"
        )
    return None


def _nobody_to_charge(person: Person, by: Person) -> Refusal | None:
    if person.pk == by.pk:
        return Refusal(_("Nobody charges themselves."), rule="7.1")
    if standing.status(person) not in {Status.CANDIDATE, Status.MEMBER}:
        return Refusal(_("Cases are about members and candidates only."), rule="7")
    return None


def _nobody_to_ask(charge: Charge, by: Person, at: datetime) -> Refusal | None:
    held = charge.capacity
    if isinstance(held, Office):
        fits = held in offices.held_by(by, at)
    elif isinstance(held, ClientSeat):
        fits = held.person_id == by.pk and held.accepted_at is not None and held.ended_at is None
    else:
        fits = standing.status(by) == Status.MEMBER
    if fits:
        return None
    return Refusal(
        _("A charge is brought by a named person: an officer, somebody with a client's seat, or a member."), rule="7.1"
    )


def _rule_too_young(charge: Charge) -> Refusal | None:
    in_force = bylaw_in_force(charge.bylaw.key, charge.happened_from)
    if in_force is not None and in_force.pk == charge.bylaw.pk:
        return None
    return Refusal(
        _("No rule applies before it has been public for 15 days; this version was not, when it happened."), rule="E9"
    )


def _facts_too_old(charge: Charge, at: datetime) -> Refusal | None:
    if charge.happened_from <= charge.happened_until <= min(at, charge.happened_from + AT_ONCE) and (
        charge.happened_from > at - BACK
    ):
        return None
    return Refusal(_("Say when it happened: within one month, in the last year."), rule="7.1")


def _charged_before(person: Person, charge: Charge) -> Refusal | None:
    earlier = Case.objects.filter(
        person=person, kind=CaseKind.CHARGE, ground=charge.ground,
        happened_from__lte=charge.happened_until, happened_until__gte=charge.happened_from,
    )  # fmt: skip
    if not earlier.exists():
        return None
    return Refusal(
        _("These facts were charged before; the same facts never carry a second case."), rule="7", status=409
    )


def _piling_up(person: Person, by: Person, at: datetime) -> Refusal | None:
    mine = Case.objects.filter(person=person, charged_by=by, kind=CaseKind.CHARGE, opened_at__gt=at - DECISION)
    if not mine.filter(decisions=None).exists():
        return None
    return Refusal(_("One charge of yours against this member is open; wait for its decision."), rule="7", status=409)


def _no_objection(person: Person, charge: Charge) -> Refusal | None:
    as_client = isinstance(charge.capacity, ClientSeat)
    return standing.objection_refusal(person, as_client=as_client) if charge.measure == Measure.OBJECTION else None


def bylaw_in_force(key: str, moment: datetime) -> Bylaw | None:
    """Return the version of a rule of conduct that applied at a moment: the latest that was public for 15 days."""
    public = Bylaw.objects.filter(key=key, published_at__lte=moment - PUBLIC_FOR)
    return public.order_by("-version").first()


def bylaws() -> list[Bylaw]:
    """Return the latest version of each rule of conduct."""
    return list(Bylaw.objects.order_by("key", "-version").distinct("key"))


def charge(person: Person, charge: Charge, *, seal: str, by: Person, at: datetime) -> Case:
    """Charge a person in writing and return the case, its panel convened and its file begun.

    `seal` is the SHA-256 of the charging side's words for the lot. Raises Refused, see `charge_refusal`, and
    IntegrityError by `same_evidence_never_twice` when a piece of evidence carried an earlier case.
    """
    refuse_if(charge_refusal(person, charge, by=by, at=at))
    with transaction.atomic():
        case = Case.objects.create(
            kind=CaseKind.CHARGE, person=person, charged_by=by, client=charge.client, bylaw=charge.bylaw,
            office=charge.capacity if isinstance(charge.capacity, Office) else None,
            seat=charge.capacity if isinstance(charge.capacity, ClientSeat) else None,
            ground=charge.ground, facts=charge.facts, happened_from=charge.happened_from,
            happened_until=charge.happened_until, measure=charge.measure, scope=charge.scope, days=charge.days,
            remedy=charge.remedy, opened_at=at,
        )  # fmt: skip
        case.refresh_from_db()
        _opened(case, by=by, at=at)
        for name, text in charge.evidence:
            show(case, name=name, text=text, by=by, at=at)
        _convene(case, Stage.FIRST, seal=seal, by=by, at=at)
    return case


def _convene(case: Case, stage: Stage, *, seal: str, by: Person, at: datetime) -> None:
    panel = Panel.objects.create(case=case, stage=stage, asked_by=by, convened_at=at)
    panel.parts.create(role="charge", person=by, commitment=seal, committed_at=at)
    events.write("panels.convened", by=by, subject=f"panel:{panel.pk}", at=at, case=case.pk, stage=stage)


def _opened(case: Case, *, by: Person | None, at: datetime) -> None:
    # The record is public: that a case was opened and of which kind, not about whom or what.
    events.write("cases.opened", by=by, subject=f"case:{case.pk}", at=at, case_kind=case.kind)
    notices.tell(case.person, "opened", case)


def open_equivalent(person: Person, *, kind: str, at: datetime) -> Case | None:
    """Open a case for a member to whom something happened that works like a ban (7.11), and return it.

    `kind` is one of Equivalent. The cooperative has 7 days to explain, else it is closed in the member's favour. Opened
    already in the last 14 days, no member's, or nothing in the rows that shows it (`governance_sign`): None, and
    nothing happens. Facts and times are the database's own.
    """
    recent = Case.objects.filter(person=person, kind=CaseKind.EQUIVALENT, ground=kind, opened_at__gt=at - 2 * EXPLAIN)
    if recent.exists() or standing.status(person) not in {Status.CANDIDATE, Status.MEMBER}:
        return None
    times = {"happened_from": at, "happened_until": at, "opened_at": at}
    try:
        with transaction.atomic():
            case = Case.objects.create(kind=CaseKind.EQUIVALENT, person=person, ground=kind, **times)
            case.refresh_from_db()
            _opened(case, by=None, at=at)
            notices.tell_officers(case, at=at)
    except IntegrityError as error:
        if guard_of(error) != ON_FACTS:
            raise
        return None
    return case


def open_emergency(pause: Pause, *, facts: str, seal: str, by: Person, at: datetime) -> Case:
    """Ask a panel of three to prolong a running pause, as one of its two officers; 14 days in all at most (part 6)."""
    refuse_if(emergency_refusal(pause, by=by, at=at))
    office = next(o for o in (pause.first_officer, pause.second_officer) if o.person_id == by.pk)
    with transaction.atomic():
        case = Case.objects.create(
            kind=CaseKind.EMERGENCY, person=pause.person, charged_by=by, office=office, pause=pause, facts=facts,
            happened_from=pause.starts_at, happened_until=pause.starts_at, measure=Measure.PROLONG, scope=pause.scope,
            days=11, opened_at=at,
        )  # fmt: skip
        _opened(case, by=by, at=at)
        _convene(case, Stage.EMERGENCY, seal=seal, by=by, at=at)
    return case


def emergency_refusal(pause: Pause, *, by: Person, at: datetime) -> Refusal | None:
    """Return why this person cannot ask a panel to prolong a pause, or None."""
    if by.pk not in pause.officers:
        return Refusal(_("One of the two officers who began the pause asks for more time."), rule="part 6")
    if not pause.stops_work:
        return Refusal(_("Only a pause of work is prolonged: no payout is held for more than 72 hours."), rule="E3")
    if not pause.starts_at <= at < pause.ends_at:
        return Refusal(_("This pause is over."), rule="part 6", status=409)
    if Case.objects.filter(pause=pause).exists():
        return Refusal(_("A panel was asked already."), rule="part 6", status=409)
    return None


def show(case: Case, *, name: str, text: str, by: Person, at: datetime) -> Evidence:
    """Put a piece of evidence into the file; from the charging side it can be cited only in the first 48 hours."""
    with transaction.atomic():
        evidence = Evidence.objects.create(
            case=case, person=case.person, added_by=by, name=name, text=text, added_at=at
        )
        evidence.refresh_from_db()
        events.write("cases.shown", by=by, subject=f"case:{case.pk}", at=at, evidence=evidence.digest)
    return evidence


def reply_by(case: Case) -> datetime:
    """Return until when the member may answer: 15 days by default, and 14 more if they asked for them."""
    asked = case.statements.filter(kind=Said.MORE_TIME).exists()
    return case.opened_at + reply_time(case) + (MORE if asked else timedelta())


def reply_time(case: Case) -> timedelta:
    """Return how long the member has to answer, by the number that applied when the case was opened."""
    return timedelta(days=parameters.value("reply_days", case.opened_at))


def say_refusal(case: Case, kind: str, *, by: Person, at: datetime) -> Refusal | None:
    """Return why this person cannot write this into the case, or None."""
    if kind in {Said.REPLY, Said.MORE_TIME, Said.CONTESTED} and by.pk != case.person_id:
        return Refusal(_("Only the member the case is about answers it."), rule="7.3")
    if kind == Said.REPLY and at > reply_by(case):
        return Refusal(
            _("The time to answer is over. Silence is no admission; you can still write to the panel."), rule="7.3",
            status=409,
        )  # fmt: skip
    if kind == Said.MORE_TIME and (
        at > case.opened_at + reply_time(case) or case.statements.filter(kind=kind).exists()
    ):
        return Refusal(_("More time is given once, while the time to answer runs."), rule="7.3", status=409)
    if kind == Said.EXPLANATION:
        return _refusal_to_explain(case, by, at)
    return _refusal_to_contest(case, at) if kind == Said.CONTESTED else None


def _refusal_to_explain(case: Case, by: Person, at: datetime) -> Refusal | None:
    if case.kind != CaseKind.EQUIVALENT or by.pk == case.person_id or not offices.is_officer(by, at):
        return Refusal(_("An officer explains, and not to themselves."), rule="7.11")
    if case.statements.filter(kind=Said.EXPLANATION).exists():
        return Refusal(_("It is explained already."), rule="7.11", status=409)
    if at <= case.opened_at + EXPLAIN:
        return None
    return Refusal(_("Nobody explained in time: the case is closed in the member's favour."), rule="7.11", status=409)


def _refusal_to_contest(case: Case, at: datetime) -> Refusal | None:
    """Say why there is no explanation left to contest, or nothing."""
    explained = case.statements.filter(kind=Said.EXPLANATION).first()
    if explained is None:
        return Refusal(_("Nobody has explained anything yet."), rule="7.11", status=409)
    if at >= explained.said_at + CONTEST:
        return Refusal(
            _("An explanation is contested within 15 days."), "7.11",
            _("If it goes on, another case opens by itself."), status=409,
        )  # fmt: skip
    return None


def say(case: Case, *, kind: str, text: str, by: Person, at: datetime) -> Statement:
    """Write into the case; everything written stands in its file. Raises Refused out of turn or out of time."""
    refuse_if(say_refusal(case, kind, by=by, at=at))
    with transaction.atomic():
        statement = Statement.objects.create(case=case, author=by, kind=kind, text=text, said_at=at)
        events.write("cases.said", by=by, subject=f"case:{case.pk}", at=at, statement=kind)
        for reader in (case.person, case.charged_by):
            if reader is not None and reader.pk != by.pk:
                notices.tell(reader, "said", case)
    return statement


def may_read(case: Case, reader: Person) -> bool:
    """Tell whether a person is a party of the case or sits on a panel of it; else only officers who may explain it."""
    sits = PanelSeat.objects.filter(panel__case=case, person=reader, refused=None)
    return is_a_side(case, reader) or sits.exists()


def is_a_side(case: Case, person: Person) -> bool:
    """Tell whether a person is one of the two sides: the member, who charged them, the officer who explained."""
    if person.pk in {case.person_id, case.charged_by_id}:
        return True
    return case.statements.filter(kind=Said.EXPLANATION, author=person).exists()


def of(person: Person) -> "models.QuerySet[Case]":
    """Return the cases that a person may read as a party or on a panel, newest first."""
    theirs = models.Q(person=person) | models.Q(charged_by=person)
    explained = models.Q(pk__in=Statement.objects.filter(author=person, kind=Said.EXPLANATION).values("case"))
    sits = models.Q(pk__in=PanelSeat.objects.filter(person=person, refused=None).values("panel__case"))
    found = Case.objects.filter(theirs | explained | sits)
    return found.select_related("person", "charged_by", "bylaw").order_by("-pk")


def state(case: Case, at: datetime) -> State:
    """Return where a case stands at a moment. Time alone makes it void, or closes it in the member's favour."""
    decisions = {decision.panel.stage: decision for decision in case.decisions.select_related("panel", "appeal")}
    if Stage.APPEAL in decisions:
        return State.SETTLED
    first = decisions.get(Stage.FIRST) or decisions.get(Stage.EMERGENCY)
    if first is not None:
        return _after_decision(first, at)
    return _equivalent(case, at) if case.kind == CaseKind.EQUIVALENT else _undecided(case, at)


def _after_decision(decision: Decision, at: datetime) -> State:
    if not hasattr(decision, "appeal"):
        return State.DECIDED
    return State.APPEALED if at < decision.appeal.appealed_at + DECISION else State.VOID


def _undecided(case: Case, at: datetime) -> State:
    panel = case.panels.first()
    if panel is None or panel.decide_by is None or at >= panel.decide_by:
        return State.VOID
    answered = case.statements.filter(kind=Said.REPLY).exists()
    return State.PANEL if answered or at > reply_by(case) else State.ANSWER


def _equivalent(case: Case, at: datetime) -> State:
    explanation = case.statements.filter(kind=Said.EXPLANATION).first()
    if explanation is None:
        return State.EXPLAINING if at <= case.opened_at + EXPLAIN else State.IN_FAVOUR
    panel = case.panels.first()
    if panel is None:
        return State.EXPLAINED
    return State.PANEL if panel.decide_by and at < panel.decide_by else State.IN_FAVOUR
