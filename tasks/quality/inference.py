"""What people's answers say of the truth and of their errors: by crowd-kit, from all answers of a job at once.

Loads some two hundred megabytes of libraries; only the background job imports it.
"""

from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np
import pandas as pd
from crowdkit.aggregation import MACE, DawidSkene

from tasks.models import Weighing
from tasks.quality.agreement import Counts
from tasks.quality.weights import OTHERWISE, Chances, Weights

# Rounds after which the answers of a real crowd no longer change (decision 0103).
ROUNDS = 30
# Beyond it, what each person takes for what would be guessed from too few answers.
MOST_LABELS = 10
# Beyond it, answers are no labels but things written or drawn, of which hardly two are the same.
MOST_ANSWERS = 60
# With fewer tasks nobody's errors can be told from the tasks' own.
LEAST_TASKS = 30


COLUMNS = ("task", "worker", "label")


@dataclass(frozen=True, slots=True)
class Given:
    """The answers of a job: columns task, worker and label, each numbered as they appear, and what the numbers mean.

    MACE takes the order of appearance for the order of names in one place; with numbers both are the same.
    """

    table: pd.DataFrame
    tasks: Sequence[int]
    people: Sequence[int]
    labels: Sequence[str]

    def counts(self) -> Counts:
        """Return how often each label was said of each task: a row for each task, a column for each label.

        No rows where the answers are no labels.
        """
        if len(self.labels) > MOST_ANSWERS:
            return np.zeros((0, 1), dtype=np.int64)
        found: Counts = pd.crosstab(self.table["task"], self.table["label"]).to_numpy()
        return found

    def by_task(self) -> Iterator[tuple[int, dict[int, str]]]:
        """Yield each task with who said what, in the order in which the tasks appear; one in memory at a time."""
        tasks, people, labels = (self.table[name].to_numpy() for name in COLUMNS)
        places = iter(np.argsort(tasks, kind="stable"))
        for task, several in zip(self.tasks, np.bincount(tasks), strict=True):
            yield task, {self.people[people[at]]: self.labels[labels[at]] for at in islice(places, int(several))}


def gathered(answers: Iterable[tuple[int, int, str]]) -> Given:
    """Return answers, each (task, person, label), as a table; of each its three numbers are kept, 24 bytes."""
    known: tuple[dict[Any, int], ...] = ({}, {}, {})
    columns = (array("q"), array("q"), array("q"))
    for answer in answers:
        for name, numbers, column in zip(answer, known, columns, strict=True):
            column.append(numbers.setdefault(name, len(numbers)))
    table = pd.DataFrame({name: np.array(column) for name, column in zip(COLUMNS, columns, strict=True)})
    return Given(table, *(list(numbers) for numbers in known))


def way_for(given: Given) -> Weighing:
    """Return how answers are best weighed."""
    compared = int((given.table.groupby("task").size() > 1).sum())
    if compared < LEAST_TASKS or not 2 <= len(given.labels) <= MOST_ANSWERS:  # noqa: PLR2004 - a choice is of two
        return Weighing.MAJORITY
    return Weighing.DAWID_SKENE if len(given.labels) <= MOST_LABELS else Weighing.MACE


def weigh(given: Given, way: Weighing) -> Weights:
    """Return how often each label is true, and everybody's errors."""
    if way == Weighing.MAJORITY:
        return Weights()
    priors, errors = _dawid_skene(given) if way == Weighing.DAWID_SKENE else _mace(given)
    return Weights(priors, errors, _usual(errors, given))


def _dawid_skene(given: Given) -> tuple[dict[str, float], dict[int, Chances]]:
    fitted = DawidSkene(n_iter=ROUNDS).fit(given.table)
    errors: dict[int, Chances] = {}
    found: Any = fitted.errors_
    for (who, said), row in found.iterrows():
        chances = {given.labels[true]: float(chance) for true, chance in row.items()}
        errors.setdefault(given.people[who], {})[given.labels[said]] = chances
    return {given.labels[label]: float(prior) for label, prior in _items(fitted.priors_)}, errors


def _items(series: Any) -> Iterable[tuple[int, float]]:  # noqa: ANN401 - crowd-kit says more than its values are
    found: Iterable[tuple[int, float]] = series.items()
    return found


def _mace(given: Given) -> tuple[dict[str, float], dict[int, Chances]]:
    """Return what MACE finds: who knows says what is true; who does not, each label as often as they like it."""
    fitted = MACE(n_iter=ROUNDS).fit(given.table)
    errors = {
        who: {said: _guessed(spam[0] * like, spam[1], said) for said, like in zip(given.labels, likes, strict=True)}
        for who, spam, likes in zip(
            given.people, fitted.spamming_.tolist(), fitted.thetas_.tolist(), strict=True
        )
    }  # fmt: skip
    return dict.fromkeys(given.labels, 1 / len(given.labels)), errors


def _guessed(guessed: float, known: float, said: str) -> dict[str, float]:
    return {OTHERWISE: guessed, said: guessed + known}


def _usual(errors: dict[int, Chances], given: Given) -> Chances:
    """Return the errors of the usual answer: everybody's, as often as they answered."""
    shares = given.table["worker"].value_counts(normalize=True)
    usual: Chances = {}
    for number, who in enumerate(given.people):
        for said, row in errors[who].items():
            told = usual.setdefault(said, {})
            for true, chance in row.items():
                told[true] = told.get(true, 0) + float(shares[number]) * chance
    return usual
