"""One set of marks out of several answers' marks: those that most answers have.

Marks of different answers are paired greedily, as COCO pairs boxes to score them: the closest first, one of
each answer at most.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext_lazy

from tasks.shapes.shape import Distance, Json

type Closeness = Callable[[Json, Json], float]


@dataclass(frozen=True, slots=True)
class Merged:
    """The groups of marks that more than half of the answers have, and how far the answers agree, from 0 to 1."""

    groups: list[list[Json]]
    agreement: float


def merged(answers: Sequence[Sequence[Json]], closeness: Closeness) -> Merged:
    """Return what several answers' marks come to; two marks are the same where their closeness is above 0.

    Agreement is the F1 of all pairs of answers together: marks that pair, of those that could.
    """
    groups: list[list[Json]] = []
    for marks in answers:
        free = list(groups)
        for mark in marks:
            _join(mark, free, groups, closeness)
    paired = sum(len(group) * (len(group) - 1) // 2 for group in groups)
    possible = (len(answers) - 1) * sum(map(len, answers)) / 2
    kept = [group for group in groups if 2 * len(group) > len(answers)]
    return Merged(kept, paired / possible if possible else 1.0)


def _join(mark: Json, free: list[list[Json]], groups: list[list[Json]], closeness: Closeness) -> None:
    """Put a mark into the closest group that has none of its answer yet, or into one of its own."""
    place = max(range(len(free)), key=lambda at: closeness(free[at][0], mark), default=None)
    if place is not None and closeness(free[place][0], mark) > 0:
        free.pop(place).append(mark)
    else:
        groups.append([mark])


def equal(one: Json, other: Json) -> float:
    """Return 1 for the same mark, else 0."""
    return float(one == other)


def wholly(_one: Json, _other: Json) -> float:
    """Return 1: of marks of which nothing is said beside their place and label, all is said alike."""
    return 1


def apart(one: Sequence[Json], other: Sequence[Json], closeness: Closeness, share: Closeness = wholly) -> float:
    """Return how far the marks of two answers are apart: 0 for the same, 1 where no two pair.

    1 - 2 * (how close those that pair are, times the `share` of what is said alike of them) / (marks of both). Of one
    box each it is 1 - intersection over union; of marks that are the same or not it is 1 - F1.
    """
    pairs = merged([one, other], closeness).groups
    both = len(one) + len(other)
    return 1 - 2 * sum(closeness(*pair) * share(*pair) for pair in pairs) / both if both else 0.0


def as_drawn(answers: Sequence[Sequence[Json]]) -> Sequence[Sequence[Json]]:
    """Return marks that need nothing worked out before they are compared."""
    return answers


def distance(
    part: str, closeness: Closeness, seen: Callable[[Sequence[Sequence[Json]]], Sequence[Sequence[Json]]] = as_drawn,
    share: Closeness = wholly,
) -> Distance:  # fmt: skip
    """Return the distance of answers whose marks stand in one part, `seen` as their closeness takes them."""

    def between(one: Json, other: Json) -> float:
        first, second = seen([one[part], other[part]])
        return apart(first, second, closeness, share)

    return Distance(between, gettext_lazy("how far their marks cover each other (intersection over union)"))


def of_sets(part: str) -> Distance:
    """Return the distance of answers that choose several things in one part: 1 - what both chose of what either did."""

    def between(one: Json, other: Json) -> float:
        first, second = set(one[part]), set(other[part])
        either = first | second
        return 1 - len(first & second) / len(either) if either else 0.0

    return Distance(between, gettext_lazy("how much of what either chose both did (Jaccard)"))
