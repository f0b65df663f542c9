"""What real crowds' answers come to, against the truth and the published figures."""

import csv
import random
from pathlib import Path

import pytest
from django.conf import settings

from tasks.models import Weighing
from tasks.quality import inference
from tasks.quality.weights import Weights

FOLDER = Path(settings.BASE_DIR).parent / "shared" / "data" / "product-match"


def _rows(name: str) -> list[dict[str, str]]:
    with (FOLDER / name).open() as file:
        return list(csv.DictReader(file))


@pytest.mark.skipif(not FOLDER.exists(), reason=f"the published crowd is not at {FOLDER}: NOTHING WAS WEIGHED")
def test_the_published_crowd_is_weighed_as_well_as_published() -> None:
    """Zheng et al. (PVLDB 10(5), 2017): majority 89.66 % and F1 59.05 %, Dawid-Skene 93.66 % and F1 71.59 %."""
    answers = _rows("answers.csv")
    people = {name: number for number, name in enumerate(sorted({row["worker"] for row in answers}))}
    pairs = {name: number for number, name in enumerate(sorted({row["pair"] for row in answers}))}
    given = inference.gathered((pairs[row["pair"]], people[row["worker"]], row["answer"]) for row in answers)
    assert inference.way_for(given) == Weighing.DAWID_SKENE
    truth = {pairs[row["pair"]]: row["same"] for row in _rows("truth.csv")}
    accuracy, f1 = _score(given, Weighing.DAWID_SKENE, truth)
    assert accuracy >= 0.9366
    assert f1 >= 0.7159
    accuracy, f1 = _score(given, Weighing.MAJORITY, truth)
    assert (round(accuracy, 4), round(f1, 4)) == (0.8966, 0.5905)


def _score(given: inference.Given, way: Weighing, truth: dict[int, str]) -> tuple[float, float]:
    weights = inference.weigh(given, way)
    said = {task: weights.outcome(labels).label for task, labels in given.by_task()}
    wrong = sum(said[task] != truth[task] for task in said)
    hits = sum(said[task] == truth[task] == "1" for task in said)
    return 1 - wrong / len(said), 2 * hits / (2 * hits + wrong)


def _crowd(labels: list[str], *, guessing: set[int], tasks: int = 60) -> tuple[inference.Given, dict[int, str]]:
    """Return answers of five people: those guessing by chance, the others right nine times of ten; and the truth."""
    chance = random.Random(3)  # noqa: S311 - a crowd, no secret
    truth = {task: chance.choice(labels) for task in range(tasks)}
    answers = [
        (task, who, chance.choice(labels) if who in guessing or chance.random() < 0.1 else true)
        for task, true in truth.items()
        for who in range(5)
    ]
    return inference.gathered(answers), truth


@pytest.mark.parametrize(
    ("labels", "way"), [(["a", "b", "c"], Weighing.DAWID_SKENE), ([f"l{n}" for n in range(12)], Weighing.MACE)]
)
def test_two_who_know_are_heard_over_three_who_guess(labels: list[str], way: Weighing) -> None:
    given, truth = _crowd(labels, guessing={1, 2, 3})
    assert inference.way_for(given) == way
    weights = inference.weigh(given, way)
    right = {
        used: sum(w.outcome(said).label == truth[task] for task, said in given.by_task())
        for used, w in (("weighed", weights), ("counted", Weights()))
    }
    assert right["weighed"] > right["counted"]
    assert right["weighed"] >= 0.85 * len(truth)


def test_few_tasks_or_one_label_are_counted() -> None:
    few, _truth = _crowd(["a", "b"], guessing=set(), tasks=29)
    alike = inference.gathered((task, who, "a") for task in range(40) for who in range(2))
    once = inference.gathered((task, 1, "ab"[task % 2]) for task in range(40))
    assert {inference.way_for(given) for given in (few, alike, once)} == {Weighing.MAJORITY}
    assert inference.weigh(few, Weighing.MAJORITY) == Weights()


def test_what_is_weighed_does_not_depend_on_the_order_of_answers() -> None:
    given, _truth = _crowd(["a", "b", "c"], guessing={4})
    rows = [
        (given.tasks[t], given.people[w], given.labels[label]) for t, w, label in given.table.itertuples(index=False)
    ]
    random.Random(1).shuffle(rows)  # noqa: S311 - an order, no secret
    again = inference.gathered(rows)
    first, second = (inference.weigh(one, Weighing.DAWID_SKENE) for one in (given, again))
    other = dict(again.by_task())
    for task, said in given.by_task():
        assert first.outcome(said).label == second.outcome(other[task]).label
