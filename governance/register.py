"""The public register of cases: counts by ground, result and days; nobody's name, and small cells never told apart."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from statistics import median

from django.utils.translation import gettext as _

from governance import casefile, cases
from governance.models import Case, Measure, Stage

# Fewer cases than this with the same ground and result could tell whose they are.
SMALL = 5


@dataclass(frozen=True, slots=True)
class Line:
    """Some cases with the same ground and result: how many, and the median days to the result."""

    ground: str
    result: str
    count: int
    days: int | None


def lines(at: datetime) -> list[Line]:
    """Return the register, most cases first; grounds and results of fewer than five cases are counted together.

    When even those together are fewer than five, they are merged with the smallest line, so that nothing can be taken
    from the sums.
    """
    cases_now = [(casefile.title(case), *_result(case, at)) for case in _all()]
    cells = Counter((ground, result) for ground, result, _days in cases_now)
    large = {cell for cell, count in cells.items() if count >= SMALL}
    rest = sum(count for cell, count in cells.items() if cell not in large)
    if 0 < rest < SMALL and large:
        large -= {min(large, key=lambda cell: (cells[cell], cell))}
    kept = [_line(ground, result, [d for g, r, d in cases_now if (g, r) == (ground, result)])
            for ground, result in large]  # fmt: skip
    others = [days for ground, result, days in cases_now if (ground, result) not in large]
    return sorted(kept, key=lambda line: -line.count) + _merged(others)


def _all() -> Iterable[Case]:
    return Case.objects.prefetch_related(
        "statements", "panels__decision", "decisions__panel", "decisions__appeal", "decisions__motion"
    ).order_by("pk")


def _result(case: Case, at: datetime) -> tuple[str, int | None]:
    """Return how a case came out, and after how many days; a running one has none yet."""
    state = cases.state(case, at)
    decided = {decision.panel.stage: decision for decision in case.decisions.all()}
    last = decided.get(Stage.APPEAL) or next(iter(decided.values()), None)
    if state in {cases.State.DECIDED, cases.State.SETTLED} and last is not None:
        return str(Measure(last.motion.measure).label), (last.decided_at - case.opened_at).days
    if state in {cases.State.VOID, cases.State.IN_FAVOUR, cases.State.EXPLAINED}:
        return str(state.label), None
    return _("Still open"), None


def _line(ground: str, result: str, days: list[int | None]) -> Line:
    known = [number for number in days if number is not None]
    return Line(ground, result, len(days), round(median(known)) if known else None)


def _merged(days: list[int | None]) -> list[Line]:
    """Return the line of all small cells together; fewer than five in all are not counted out."""
    if not days:
        return []
    if len(days) < SMALL:
        return [Line(_("All grounds"), _("Fewer than five cases in all"), 0, None)]
    return [_line(_("Other grounds"), _("Various results"), days)]
