"""How far answers agree that can be more or less apart: Krippendorff's alpha by the distance of their kind.

Loads numpy; only the background job imports it. Answers are read task by task; only their numbers are kept, eight bytes
each.
"""

from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import batched, combinations, groupby
from operator import itemgetter

import numpy as np
import numpy.typing as npt
from django.db.models import Count, QuerySet

from tasks.models import Answer, AssignmentState, Job
from tasks.quality.agreement import INTERVAL, RESAMPLES, Agreement, Numbers
from tasks.shapes.shape import Distance, Json

CHUNK = 50
# Pairs of answers that tell what chance would do: every pair there is, or so many that are drawn.
PAIRS = 10_000
# Drawings have many marks, each compared with each: beyond so many comparisons no further pair is drawn.
MOST_COMPARED = 100_000
# Within tasks a few more are told: each names one that is less certain than others. Minutes at most, twice each.
MOST_WITHIN = 300_000
# Tasks of drawings that are read at once: an answer may hold a megabyte.
TASKS = 10
# Tasks are drawn anew for the interval in so many groups at most.
GROUPS = 1_000
DOUBTFUL = 50

type Pairs = npt.NDArray[np.int64]
# A task with the number and the value of each answer.
type Answered = tuple[int, list[tuple[int, Json]]]


@dataclass(frozen=True, slots=True)
class Compared:
    """What comparing the tasks of a job gave: sums for each group of tasks, and which answers were compared.

    `apart` is how far two answers to one task are apart, for each answer; `said` counts the answers. `doubtful` has the
    tasks whose drawings agree least, of those compared, with how far they do. `answers` and `people` count all.
    """

    apart: Numbers
    said: Numbers
    numbers: "array[int]"
    answers: int
    people: int
    doubtful: list[tuple[int, float]]


def compared(job: Job, distance: Distance) -> Compared:
    """Compare the answers to each task with each other; of drawings to so many as `MOST_WITHIN` lets in."""
    apart, said, numbers = np.zeros(GROUPS), np.zeros(GROUPS), array("q")
    doubts = list[tuple[int, float]]()
    for place, (task, found) in enumerate(_to_compare(job)):
        values = [value for _number, value in found]
        agreement = _agreement(job, values) if len(values) > 1 else None
        if agreement is None:
            continue
        apart[place % GROUPS] += observed(values, distance)
        said[place % GROUPS] += len(values)
        numbers.extend(number for number, _value in found)
        if agreement < 1:
            doubts = sorted([*doubts, (task, round(agreement, 4))], key=itemgetter(1))[:DOUBTFUL]
    counts = _standing(job).aggregate(answers=Count("pk"), people=Count("assignment__person", distinct=True))
    return Compared(apart, said, numbers, counts["answers"], counts["people"], doubts)


def _standing(job: Job) -> QuerySet[Answer]:
    """Find every answer that stands, the last of a redo."""
    return Answer.last_ones().filter(assignment__job=job).exclude(assignment__state=AssignmentState.REJECTED)


def _to_compare(job: Job) -> Iterator[Answered]:
    """Yield each task; of drawings those with several answers, by lot, until enough marks are compared."""
    if not job.shape.merges(job.form):
        yield from _by_task(_standing(job))
        return
    spent = 0
    for some in batched(_by_lot(job), TASKS, strict=False):
        for task, found in _by_task(_standing(job).filter(assignment__task__in=some)):
            yield task, found
            spent += _comparisons([len(job.shape.elements(value)) for _number, value in found])
            if spent > MOST_WITHIN:
                return


def _by_lot(job: Job) -> list[int]:
    """Return the tasks of which several answers stand, in the order of a lot."""
    counted = _standing(job).order_by().values("assignment__task").annotate(answers=Count("pk")).filter(answers__gt=1)
    tasks = np.fromiter(
        counted.order_by("assignment__task").values_list("assignment__task", flat=True).iterator(), np.int64
    )
    found: list[int] = np.random.default_rng(job.pk).permutation(tasks).tolist()
    return found


def _comparisons(marks: Sequence[int]) -> int:
    """Return how often two marks are compared, where each of an answer is with each of every other."""
    return sum(one * other for one, other in combinations(marks, 2))


def _by_task(answers: QuerySet[Answer]) -> Iterator[Answered]:
    """Yield each task with the number and the value of every answer."""
    facts = answers.order_by("assignment__task_id", "pk").values_list("assignment__task_id", "pk", "value")
    for task, group in groupby(facts.iterator(chunk_size=CHUNK), itemgetter(0)):
        yield task, [(number, value) for _task, number, value in group]


def _agreement(job: Job, values: Sequence[Json]) -> float | None:
    """Return how far drawings agree, as their result tells it; None of so many marks that nobody compares them."""
    if not job.shape.merges(job.form):
        return 1
    merged = job.shape.together(job.form, values)
    return merged.agreement if merged else None


def observed(values: Sequence[Json], distance: Distance) -> float:
    """Return how far the answers to one task are apart: of each answer the mean to all others, summed."""
    apart = (distance.between(one, other) for one, other in combinations(values, 2))
    return 2 * sum(apart) / (len(values) - 1)


def alpha(job: Job, found: Compared, distance: Distance) -> Agreement | None:
    """Return how far the answers agree; None where fewer than two tasks have two, or none are apart.

    1 - (apart within tasks) / (apart by chance), any two answers making chance: K. Krippendorff, "Computing
    Krippendorff's Alpha-Reliability" (2011), with any distance as A. Braylan, O. Alonso and M. Lease, "Measuring
    Annotator Agreement Generally across Complex Structured, Multi-object, and Free-text Annotation Tasks" (2022). The
    interval by drawing the tasks, and the pairs where not all were compared, anew 1,000 times.
    """
    count = len(found.numbers)
    if np.count_nonzero(found.said) < 2:  # noqa: PLR2004 - of one task drawn anew the interval would be a point
        return None
    pairs = drawn(count, seed=job.pk)
    chance = np.array(list(_by_chance(job, pairs, found.numbers, distance)))
    if not chance.any():
        return None
    whole = len(chance) == count * (count - 1) // 2
    return with_interval(found.apart, found.said, chance, whole=whole, seed=job.pk)


def drawn(count: int, *, seed: int) -> Pairs:
    """Return pairs of so many things by their places: all of them, or `PAIRS` by lot; in the order of a lot."""
    lots = np.random.default_rng(seed)
    if count * (count - 1) // 2 <= PAIRS:
        return lots.permutation(np.array(list(combinations(range(count), 2)), dtype=np.int64))
    first, step = lots.integers(0, count, PAIRS), lots.integers(1, count, PAIRS)
    return np.stack([first, (first + step) % count], axis=1)


def _by_chance(job: Job, pairs: Pairs, numbers: "array[int]", distance: Distance) -> Iterator[float]:
    """Yield how far the answers of each pair are apart, until enough marks were compared."""
    spent = 0
    for some in batched(pairs.tolist(), CHUNK, strict=False):
        wanted = {numbers[place] for pair in some for place in pair}
        values = dict(Answer.objects.filter(pk__in=wanted).values_list("pk", "value"))
        for pair in some:
            one, other = (values[numbers[place]] for place in pair)
            yield distance.between(one, other)
            spent += len(job.shape.elements(one)) * len(job.shape.elements(other))
            if spent > MOST_COMPARED:
                return


def with_interval(apart: Numbers, said: Numbers, chance: Numbers, *, whole: bool, seed: int) -> Agreement:
    """Return alpha with its interval; `whole` where the pairs of chance are all there are, so that none are drawn."""
    met = said > 0
    apart, said, expected = apart[met], said[met], chance.mean()
    lots = np.random.default_rng(seed)
    times = lots.multinomial(len(said), np.full(len(said), 1 / len(said)), size=RESAMPLES)
    by_chance = expected if whole else np.array([lots.choice(chance, len(chance)).mean() for _time in range(RESAMPLES)])
    with np.errstate(invalid="ignore", divide="ignore"):
        again = 1 - (times @ apart) / (times @ said) / by_chance
    low, high = np.nanpercentile(again[np.isfinite(again)], INTERVAL)
    return Agreement(float(1 - apart.sum() / said.sum() / expected), float(low), float(high))
