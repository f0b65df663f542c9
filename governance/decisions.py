"""How a panel decides: a motion with reasons, votes, and a decision once enough agree; its restriction follows (7.5-8).

The database counts again, and looks at time, ladder, file and presumption by itself.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from coop.people.models import Person
from coop.record import events
from coop.refusals import Refusal, refuse_if
from governance import cases, folding, notices, panels, standing
from governance.models import (
    LADDER,
    Case,
    CaseGround,
    CaseKind,
    Citation,
    Decision,
    Evidence,
    Fold,
    Measure,
    Message,
    Motion,
    Panel,
    PanelVote,
    Restriction,
    Said,
    Stage,
)

# Part 6's grounds: there alone a step of the ladder may be passed over.
GRAVE = {CaseGround.DATA_TAKEN, CaseGround.PAYMENT_FRAUD, CaseGround.VIOLENCE, CaseGround.LEGAL_ORDER}
RESTRICTING = {Measure.LIMIT, Measure.PAUSE, Measure.PROLONG, Measure.OBJECTION}


@dataclass(frozen=True, slots=True)
class Finding:
    """What a member of a panel would decide: the measure, its scope and days, why, on which evidence, what it folds."""

    measure: Measure
    reasons: str
    evidence: tuple[Evidence, ...] = ()
    scope: str = ""
    days: int = 0
    rebuttal: str = ""
    folds: tuple[Message, ...] = ()


def choices(panel: Panel) -> list[Measure]:
    """Return what this panel may decide, mildest first."""
    if panel.stage == Stage.EMERGENCY:
        return [Measure.NOTHING, Measure.UNFOUNDED, Measure.PROLONG]
    if panel.case.kind == CaseKind.EQUIVALENT:
        return [Measure.NOTHING, Measure.REPAIR]
    if panel.case.measure == Measure.OBJECTION:
        return [Measure.NOTHING, Measure.OBJECTION]
    return list(LADDER[: LADDER.index(_at_most(panel)) + 1])


def _at_most(panel: Panel) -> Measure:
    """Return the hardest measure open to a panel: what was charged, on appeal what was decided."""
    if panel.stage == Stage.APPEAL:
        return Measure(Decision.objects.get(case=panel.case, panel__stage=Stage.FIRST).motion.measure)
    return Measure(panel.case.measure)


def move_refusal(panel: Panel, finding: Finding, *, by: Person, at: datetime) -> Refusal | None:
    """Return why a member of a panel cannot move this, or None. The database asks the same again."""
    return (
        _not_now(panel, by, at)
        or _not_this(panel, finding)
        or _no_fold(panel, finding)
        or _ladder(panel.case, finding)
        or _too_late(panel.case, finding.measure)
    )


def _not_now(panel: Panel, by: Person, at: datetime) -> Refusal | None:
    sitting = panels.sitting_on(panel)
    if not sitting.filter(person=by).exists():
        return Refusal(_("Only those who sit on this panel do that."), rule="7.4")
    if sitting.count() < panel.size:
        return Refusal(_("A panel decides when all its seats are taken."), rule="7.4", status=409)
    if panel.decide_by is None or at >= panel.decide_by:
        return Refusal(_("Not decided in time: the case is void for good."), rule="7.6", status=409)
    if hasattr(panel, "decision"):
        return Refusal(_("This panel has decided."), rule="7.6", status=409)
    answered = panel.case.statements.filter(kind=Said.REPLY).exists() or at > cases.reply_by(panel.case)
    if panel.stage == Stage.FIRST and panel.case.kind == CaseKind.CHARGE and not answered:
        return Refusal(_("Nothing is decided before the member answered or could have."), rule="7.3", status=409)
    return None


def _not_this(panel: Panel, finding: Finding) -> Refusal | None:
    if finding.measure not in choices(panel):
        return Refusal(
            _("A panel decides no more than was charged, and an appeal no more than was decided before."), rule="7.5"
        )
    if finding.measure == Measure.NOTHING or panel.case.kind != CaseKind.CHARGE:
        return None
    if not finding.evidence or not all(piece.citable for piece in finding.evidence):
        return Refusal(
            _("A measure rests on evidence that was shown within 48 hours, and on nothing else."), rule="7.2"
        )
    if panel.case.presumed and not finding.rebuttal.strip():
        return Refusal(
            _("The member did something protected not long before: say why this is no retaliation."), rule="7.9"
        )
    return None


def _no_fold(panel: Panel, finding: Finding) -> Refusal | None:
    named = folding.named(" ".join(piece.text for piece in finding.evidence if piece.charging))
    allowed = {message.pk for message in folding.foldable(panel)} & named
    if not finding.folds or (finding.measure != Measure.NOTHING and {one.pk for one in finding.folds} <= allowed):
        return None
    return Refusal(
        _("A measure folds only the member's own messages, which evidence that it rests on names as message:12."),
        rule="7.2",
    )


def _ladder(case: Case, finding: Finding) -> Refusal | None:
    if finding.measure not in LADDER[2:] or case.ground in GRAVE:
        return None
    before = LADDER[LADDER.index(finding.measure) - 1 :]
    stood = Decision.objects.filter(
        case__person=case.person, case__kind=CaseKind.CHARGE, appeal=None, motion__measure__in=before
    )
    if stood.exclude(case=case).exists():
        return None
    return Refusal(
        _("The ladder is climbed step by step: advice, paid retraining, limit, pause, expulsion."), rule="7.5"
    )


def _too_late(case: Case, measure: str) -> Refusal | None:
    """Say that an objection comes after the candidate's days or hours, or nothing."""
    return standing.objection_refusal(case.person, as_client=False) if measure == Measure.OBJECTION else None


def move(panel: Panel, finding: Finding, *, by: Person, at: datetime) -> Motion:
    """Move a decision as a member of the panel and agree to it; return the motion. Raises Refused."""
    refuse_if(move_refusal(panel, finding, by=by, at=at))
    with transaction.atomic():
        motion = Motion.objects.create(
            panel=panel, seat=panels.seat_of(panel, by), measure=finding.measure, scope=finding.scope,
            days=finding.days, reasons=finding.reasons, rebuttal=finding.rebuttal, moved_at=at,
        )  # fmt: skip
        _cite(motion, finding.evidence)
        for message in finding.folds:
            Fold.objects.create(motion=motion, message=message)
        events.write("decisions.moved", by=by, subject=f"panel:{panel.pk}", at=at, motion=motion.pk)
        vote(motion, agrees=True, by=by, at=at)
    return motion


def _cite(motion: Motion, evidence: Iterable[Evidence]) -> None:
    for piece in evidence:
        Citation.objects.create(motion=motion, evidence=piece)


def vote_refusal(motion: Motion, *, by: Person, at: datetime) -> Refusal | None:
    """Return why a person cannot vote on a motion of a panel, or None."""
    refusal = _not_now(motion.panel, by, at) or _too_late(motion.panel.case, motion.measure)
    if refusal is None and motion.votes.filter(seat__person=by).exists():
        return Refusal(_("You have voted on this already."), rule="7.5", status=409)
    return refusal


def vote(motion: Motion, *, agrees: bool, by: Person, at: datetime) -> PanelVote:
    """Vote on a motion, once. When enough agree, it is the decision. Raises Refused out of turn."""
    refuse_if(vote_refusal(motion, by=by, at=at))
    panel = motion.panel
    with transaction.atomic():
        cast = PanelVote.objects.create(motion=motion, seat=panels.seat_of(panel, by), agrees=agrees, voted_at=at)
        # How somebody on a panel votes is the panel's; that they did is enough for the record.
        events.write("decisions.voted", by=None, subject=f"panel:{panel.pk}", at=at, motion=motion.pk)
        if agreed(motion) >= needed(panel, motion.measure):
            decide(motion, at=at)
    return cast


def restrictions_of(person: Person, at: datetime) -> list[Restriction]:
    """Return what decisions that stand close to a person now or soon, the one that ends last first.

    That somebody does not become a member is another matter: `standing.objection`.
    """
    found = Restriction.objects.filter(person=person, ends_at__gt=at, decision__appeal=None)
    found = found.exclude(scope=standing.MEMBERSHIP)
    return list(found.select_related("decision").order_by("-ends_at"))


def agreed(motion: Motion) -> int:
    """Return how many of those who sit agree to a motion."""
    return motion.votes.filter(agrees=True, seat__refused=None).count()


def needed(panel: Panel, measure: str) -> int:
    """Return how many must agree: more than half; four of five to expel, or where retaliation is presumed."""
    if measure == Measure.EXPULSION or (panel.case.presumed and measure != Measure.NOTHING):
        return (panel.size * 4 + 4) // 5
    return panel.size // 2 + 1


def decide(motion: Motion, *, at: datetime) -> Decision:
    """Make a motion to which enough agreed the panel's decision, with the restriction that follows from it."""
    case = motion.panel.case
    with transaction.atomic():
        decision = Decision.objects.create(case=case, panel=motion.panel, motion=motion, decided_at=at)
        if motion.measure in RESTRICTING:
            Restriction.objects.create(
                decision=decision, person=case.person, scope=motion.scope, starts_at=at, ends_at=at
            )
        subject = f"case:{case.pk}"
        events.write("decisions.made", by=None, subject=subject, at=at, stage=motion.panel.stage)
        for fold in folding.of(decision):
            # Not of which case: the record is public, and a case is its parties' own.
            events.write("assembly.folded", by=None, subject=f"message:{fold.message_id}", at=at)
        notices.tell(case.person, "decided", case)
        decision.refresh_from_db()
    return decision
