"""What ordered answers say: how far members agree on each scale, and how often each system would win.

Loads numpy; only the background job imports it.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import numpy as np
import numpy.typing as npt

from tasks.models import Answer, AssignmentState, Job
from tasks.quality.agreement import INTERVAL, Numbers, alpha
from tasks.shapes.shape import Duel, Json, Shape

CHUNK = 2000
MOST_SYSTEMS = 40
RESAMPLES = 200
ROUNDS, ROUNDS_AGAIN = 2000, 100
EVEN = 1e-10
LEAST = 1e-12

type Whole = npt.NDArray[np.int64]


def asked(shape: Shape, form: Json) -> bool:
    """Tell whether answers of this kind say anything of scales or systems."""
    return bool(shape.scales(form)) or type(shape).duels is not Shape.duels


def facts(job: Job) -> Json:
    """Return what an estimate says of scales and systems, from every answer that stands."""
    shape = job.shape
    if not asked(shape, job.form):
        return {}
    steps: dict[str, dict[int, Counter[int]]] = defaultdict(lambda: defaultdict(Counter))
    duels: list[tuple[int, Duel]] = []
    for task, value, data in _answers(job):
        for name, step in shape.steps(value).items():
            steps[name][task][step] += 1
        duels += [(task, duel) for duel in shape.duels(data, value)]
    sizes = shape.scales(job.form)
    found = [(name, alpha(_counts(by_task, sizes[name]), seed=job.pk, ordered=True)) for name, by_task in steps.items()]
    return {
        "scales": [{"name": name, **_rounded(asdict(agreed))} for name, agreed in found if agreed],
        "systems": systems(duels, seed=job.pk),
    }


def _answers(job: Job) -> Iterator[tuple[int, Json, Json]]:
    found = Answer.last_ones().filter(assignment__job=job).exclude(assignment__state=AssignmentState.REJECTED)
    rows = found.order_by("pk").values_list("assignment__task_id", "value", "assignment__task__data")
    return rows.iterator(chunk_size=CHUNK)


def _counts(by_task: dict[int, Counter[int]], size: int) -> Whole:
    return np.array([[said[step] for step in range(1, size + 1)] for said in by_task.values()])


def _rounded(numbers: dict[str, Any]) -> dict[str, float]:
    return {name: round(float(number), 4) for name, number in numbers.items()}


def systems(duels: list[tuple[int, Duel]], *, seed: int) -> list[Json]:
    """Return how often each system would win against one of the others, the best first; nothing where it is unknown.

    By the model of R. A. Bradley and M. E. Terry (Biometrika 39, 1952), found by the steps of D. R. Hunter (Annals of
    Statistics 32, 2004); the same counts half a win for both. The interval by drawing the tasks anew 200 times.
    """
    names = sorted({name for _task, duel in duels for name in (duel.first, duel.second)})
    if not 2 <= len(names) <= MOST_SYSTEMS:  # noqa: PLR2004 - nothing to compare
        return []
    place = {name: number for number, name in enumerate(names)}
    pairs = np.array([(place[duel.first], place[duel.second]) for _task, duel in duels])
    shares = np.array([duel.share for _task, duel in duels])
    whole = _wins(pairs, shares, np.ones(len(duels)), len(names))
    if not _all_met(whole + whole.T):
        return []
    strengths = _strengths(whole[np.newaxis], np.ones((1, len(names))), ROUNDS)
    drawn = _drawn(np.unique([task for task, _duel in duels], return_inverse=True)[1], seed)
    again = np.stack([_wins(pairs, shares, weights, len(names)) for weights in drawn])
    starts = np.repeat(strengths, len(again), axis=0)
    low, high = np.percentile(_against_others(_strengths(again, starts, ROUNDS_AGAIN)), INTERVAL, axis=0)
    numbers = zip(names, (whole + whole.T).sum(axis=1), _against_others(strengths)[0], low, high, strict=True)
    told = [
        {"system": name, "compared": round(met), **_rounded({"wins": wins, "low": least, "high": most})}
        for name, met, wins, least, most in numbers
    ]
    return sorted(told, key=lambda one: (-one["wins"], one["system"]))


def _all_met(met: Numbers) -> bool:
    """Tell whether a way of comparisons leads from each system to each other."""
    steps = np.linalg.matrix_power((met > 0) + np.eye(len(met)), len(met))
    return bool((steps > 0).all())


def _drawn(tasks: Whole, seed: int) -> Iterator[Numbers]:
    """Yield for each drawing how often each duel counts: as often as its task was drawn."""
    count = int(tasks.max()) + 1
    lots = np.random.default_rng(seed)
    for _resample in range(RESAMPLES):
        yield np.bincount(lots.integers(0, count, count), minlength=count)[tasks].astype(float)


def _wins(pairs: Whole, shares: Numbers, weights: Numbers, size: int) -> Numbers:
    """Return how often each system (row) won against each other (column)."""
    flat = np.concatenate([pairs[:, 0] * size + pairs[:, 1], pairs[:, 1] * size + pairs[:, 0]])
    won = np.concatenate([shares * weights, (1 - shares) * weights])
    return np.bincount(flat, won, minlength=size * size).reshape(size, size).astype(float)


def _strengths(wins: Numbers, start: Numbers, rounds: int) -> Numbers:
    """Return the strengths of Bradley and Terry's model for each table of wins; those of each sum to one."""
    met, won = wins + wins.transpose(0, 2, 1), wins.sum(axis=2)
    found: Numbers = start / start.sum(axis=1, keepdims=True)
    for _round in range(rounds):
        before = found
        weighed = (met / (found[:, :, np.newaxis] + found[:, np.newaxis, :])).sum(axis=2)
        # Who was not drawn keeps what it had.
        found = np.maximum(np.divide(won, weighed, out=found.copy(), where=weighed > 0), LEAST)
        found = found / found.sum(axis=1, keepdims=True)
        if np.abs(found - before).max() < EVEN:
            break
    return found


def _against_others(strengths: Numbers) -> Numbers:
    """Return how often each would win against one of the others, from 0 to 1."""
    chances = strengths[:, :, np.newaxis] / (strengths[:, :, np.newaxis] + strengths[:, np.newaxis, :])
    found: Numbers = (chances.sum(axis=2) - 0.5) / (strengths.shape[1] - 1)
    return found
