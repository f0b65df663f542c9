"""Folding: a panel may fold what a charge rests on. It stays where it is, and opens with one press; nobody else folds.

A fold is part of a motion, so the panel votes on it. It has effect only while the decision stands and, as every first
decision, a week after it: no row ends it and none brings it back.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import BigIntegerField, Func, Prefetch

from governance.models import APPEAL_OPEN, Bylaw, CaseGround, CaseKind, Decision, Fold, Message, Panel, PanelSeat, Stage

NAMED = re.compile(r"\bmessage:([1-9][0-9]{0,17})\b")


@dataclass(frozen=True, slots=True)
class Folded:
    """Why a message is folded: on what ground and by which rule, decided when, appealed until when, and in which case.

    `parties` are the numbers of the two people who may read the case itself, beside its panel; the first of them, its
    author, reads the names in `sitting`.
    """

    ground: str
    bylaw: Bylaw
    decided_at: datetime
    appeal_until: datetime | None
    case_id: int
    parties: tuple[int, int | None]
    sitting: list[str]


def by_now(first: str | Func = "pk") -> Func:
    """Return the expression for the decision that folds a message now, or null; the database asks what stands.

    `first` is what the number of the message is found by; a correction is folded with what it corrects.
    """
    return Func(first, function="public.governance_folded", output_field=BigIntegerField())


def reasons(numbers: Iterable[int]) -> dict[int, Folded]:
    """Return why messages are folded, by the numbers of the decisions; two queries, or none when there are none."""
    wanted = set(numbers)
    if not wanted:
        return {}
    sitting = PanelSeat.objects.filter(refused=None).select_related("person").order_by("rank")
    known = Decision.objects.select_related("case__bylaw", "panel").prefetch_related(Prefetch("panel__seats", sitting))
    found = known.filter(pk__in=wanted)
    return {decision.pk: _folded(decision) for decision in found}


def _folded(decision: Decision) -> Folded:
    case = decision.case
    assert case.bylaw is not None  # noqa: S101 - only charges fold, and each names its rule
    first = decision.panel.stage == Stage.FIRST
    return Folded(
        ground=str(CaseGround(case.ground).label),
        bylaw=case.bylaw,
        decided_at=decision.decided_at,
        appeal_until=decision.decided_at + APPEAL_OPEN if first else None,
        case_id=case.pk,
        parties=(case.person_id, case.charged_by_id),
        sitting=[seat.person.name for seat in decision.panel.seats.all()],
    )


def foldable(panel: Panel) -> list[Message]:
    """Return what a panel may fold: messages of the member that the charge's evidence names as "message:12".

    On appeal only what the first decision folds. Never a correction: it is folded with what it corrects.
    """
    case = panel.case
    if case.kind != CaseKind.CHARGE:
        return []
    shown = case.evidence.filter(charging=True, citable=True).values_list("text", flat=True)
    mine = Message.objects.filter(author=case.person_id, corrects=None, pk__in=named(" ".join(shown)))
    if panel.stage == Stage.APPEAL:
        mine = mine.filter(folds__motion__decision__case=case, folds__motion__panel__stage=Stage.FIRST)
    return list(mine.order_by("pk"))


def named(text: str) -> set[int]:
    """Return the numbers of the messages that a text names as "message:12"."""
    return {int(number) for number in NAMED.findall(text)}


def of(decision: Decision) -> list[Fold]:
    """Return what a decision folds."""
    return list(decision.motion.folds.order_by("message"))
