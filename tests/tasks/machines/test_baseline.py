"""What the built-in machine learns from texts and from pairs, and how many answers it needs on a real crowd's."""

import pytest

from tasks.machines import baseline
from tests.bench import learning as measured

FRUIT = [
    ({"text": f"a ripe {name} from the orchard, number {n}"}, "fruit") for n, name in enumerate(["apple", "pear"] * 6)
]
CARS = [
    ({"text": f"a fast {name} with a new engine, number {n}"}, "car") for n, name in enumerate(["van", "truck"] * 6)
]


def test_it_learns_labels_from_words() -> None:
    asked = [{"text": "an engine for the truck"}, {"text": "pear of this orchard"}, {"text": "?"}]
    found = baseline.guess([*FRUIT, *CARS], asked)
    assert found
    assert found.labels[:2] == ["car", "fruit"]
    assert found.chances[2] < min(found.chances[:2]) < 1
    assert (found.tried, found.agreed) == (5, 5)
    assert found == baseline.guess([*FRUIT, *CARS], asked)


def test_it_learns_of_pairs_how_far_they_are_alike() -> None:
    names = [f"Kettle KX-{n}00" for n in range(12)]
    same = [({"left": {"name": name}, "right": {"name": f"Steel {name}"}}, "Same") for name in names]
    other = [({"left": {"name": name}, "right": {"name": "Toaster T9 red"}}, "Different") for name in names]
    asked = [
        {"left": {"name": "Drill D-77x"}, "right": {"name": "Cordless Drill D-77x"}},
        {"left": {"name": "Drill D-77x"}, "right": {"name": "Garden hose"}},
    ]
    found = baseline.guess([*same, *other], asked)
    assert found
    assert found.labels == ["Same", "Different"]


@pytest.mark.parametrize(
    "data", [{"text": ""}, {"text": None}, {"left": "", "right": ""}, {"n": [1, {"x": 2.5}]}], ids=str
)
def test_tasks_without_words_are_no_fault(data: dict[str, object]) -> None:
    found = baseline.guess([(data, "a"), (data, "b")] * 4, [data])
    assert found
    assert found.chances == [pytest.approx(0.5)]


def test_one_label_alone_teaches_nothing() -> None:
    assert baseline.guess(FRUIT, [{"text": "x"}]) is None
    assert baseline.guess([*FRUIT, *CARS], []) is None
    assert baseline.guess([], [{"text": "x"}]) is None


@pytest.mark.skipif(
    not measured.FOLDER.exists(), reason=f"the published crowd is not at {measured.FOLDER}: NOTHING MEASURED"
)
def test_by_doubt_a_real_crowd_answers_30_percent_less_for_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measured, "ENOUGH", 150)
    given = measured.crowd()
    both = [[measured.curve(given, by_doubt=doubt, seed=seed) for seed in range(8)] for doubt in (False, True)]
    anyhow, by_doubt = (measured.needed(curves, 0.92) for curves in both)
    assert anyhow
    assert by_doubt
    assert by_doubt <= 0.7 * anyhow
