"""Alpha of answers that are more or less apart, beside another program's."""

from collections.abc import Callable
from typing import Any, cast

import krippendorff
import numpy as np
import pandas as pd
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from coop import clock
from coop.people.models import Client, Person
from tasks import shapes
from tasks.models import Estimate, Job
from tasks.quality import distances, estimates
from tests.tasks import opening
from tests.tasks.conftest import work
from tests.tasks.quality.test_estimates import SignedIn, words
from tests.tasks.test_overlaps import box, cuboid, drawing, polygon, track

__all__ = ["drawing"]

Json = dict[str, Any]
SCALES = {"scales": [{"name": "Clear", "steps": 5}, {"name": "Right", "steps": 7}]}


def apart(kind: str, one: Json, other: Json, **form: Any) -> float:
    distance = shapes.find(kind).distance(form)
    assert distance
    assert distance.between(other, one) == pytest.approx(distance.between(one, other))
    return distance.between(one, other)


@pytest.mark.parametrize(
    ("kind", "form", "one", "other", "far"),
    [
        ("rating", SCALES, {"ratings": {"Clear": 1, "Right": 4}}, {"ratings": {"Clear": 5, "Right": 1}}, 5 / 8),
        ("ranking", {}, {"ranks": [1, 2, 3]}, {"ranks": [1, 3, 2]}, 1 / 3),
        ("ranking", {}, {"ranks": [1, 2, 3]}, {"ranks": [3, 2, 1]}, 1),
        ("ranking", {}, {"ranks": [1, 1, 2]}, {"ranks": [1, 2, 3]}, 1 / 6),
        ("choice", {"multiple": True}, {"labels": ["a", "b"]}, {"labels": ["b", "c"]}, 2 / 3),
        ("choice", {"multiple": True}, {"labels": []}, {"labels": []}, 0),
        ("moderation", {}, {"found": {"Spam": "low"}}, {"found": {"Spam": "high", "Hate": "low"}}, 1 / 2),
        ("image", {"types": ["box"]}, {"shapes": [box(0, 0)]}, {"shapes": [box(0, 0, 10, 8)]}, 0.2),
        ("image", {"types": ["box"]}, {"shapes": [box(0, 0)]}, {"shapes": [box(9, 9)]}, 1),
        ("image", {"types": ["box"]}, {"shapes": [box(0, 0), box(50, 50)]}, {"shapes": [box(0, 0)]}, 1 / 3),
        ("image", {"types": ["box"]}, {"shapes": [], "nothing": True}, {"shapes": [], "nothing": True}, 0),
        ("segments", {}, {"segments": [{"from": 0, "to": 8, "label": "x"}]},
         {"segments": [{"from": 0, "to": 10, "label": "x"}]}, 0.2),
        ("frames", {}, {"tracks": [track((0, 0), (4, 40))]}, {"tracks": [track((0, 0), (2, 20), until=2)]}, 0.4),
        ("cuboids", {}, {"cuboids": [cuboid()]}, {"cuboids": [cuboid(x=1)]}, 0.4),
    ],
)  # fmt: skip
def test_how_far_two_answers_are_apart(kind: str, form: Json, one: Json, other: Json, far: float) -> None:
    assert apart(kind, one, other, **form) == pytest.approx(far)
    assert apart(kind, one, one, **form) == 0


def test_marks_in_a_text_are_apart_by_those_that_differ() -> None:
    first, second = ({"start": n, "end": n + 2, "label": "x"} for n in (0, 5))
    assert apart("spans", {"spans": [first, second]}, {"spans": [second]}) == pytest.approx(1 / 3)
    related = {"spans": [first, second], "relations": [{"from": 0, "to": 1, "label": "of"}]}
    assert apart("spans", related, {"spans": [first, second]}) == pytest.approx(1 / 5)


def test_orders_are_apart_as_another_program_finds() -> None:
    for seed in range(20):
        one, other = (np.random.default_rng([seed, n]).permutation(6).tolist() for n in (0, 1))
        tau = pd.Series(one).corr(pd.Series(other), method="kendall")
        assert apart("ranking", {"ranks": one}, {"ranks": other}) == pytest.approx((1 - tau) / 2)


def test_what_is_the_same_or_not_and_what_nobody_merges_has_no_distance() -> None:
    assert shapes.find("choice").distance({}) is None
    assert shapes.find("image").distance({"types": ["point"]}) is None
    assert shapes.find("segments").distance({"words": True}) is None


def theirs(values: list[list[Json]], between: Callable[[Json, Json], float]) -> float:
    """Return alpha as another program finds it: the values numbered, their distances in a table."""
    known = [value for unit in values for value in unit]
    table = np.array([[between(one, other) for other in known] for one in known])
    counts, at = np.zeros((len(values), len(known)), dtype=int), iter(range(len(known)))
    for row, unit in enumerate(values):
        for _value in unit:
            counts[row, next(at)] = 1

    def metric(_one: Any, _other: Any, i1: Any, i2: Any, n_v: Any, dtype: Any = None) -> Any:
        return table[i1, i2]

    return krippendorff.alpha(value_counts=counts, level_of_measurement=cast("Any", metric))


def rated(orbit: Client, olga: Person, by: list[Person], said: list[list[int]]) -> Job:
    """Return a job of a scale of five steps, of which each person said these."""
    form = {"question": "How good?", "scales": [{"name": "Clear", "steps": 5}]}
    kind = opening.vote_kind("rating", by[0])
    job = opening.order(orbit, olga, kind, form, [{"text": str(n)} for n in range(len(said[0]))], overlap=len(by))
    for who, steps in zip(by, said, strict=True):
        for step in steps:
            work(job, who, {"ratings": {"Clear": step}})
    return job


def test_ratings_agree_as_interval_data_do(
    orbit: Client, olga: Person, amina: Person, luis: Person, signed_in: SignedIn
) -> None:
    said = [[1, 2, 4, 5], [1, 3, 4, 4]]
    job = rated(orbit, olga, [amina, luis], said)
    assert estimates.estimate(job, at=clock.now())
    found = Estimate.objects.get(job=job)
    assert found.alpha is not None
    assert found.alpha == pytest.approx(krippendorff.alpha(said, level_of_measurement="interval"))
    assert found.alpha > krippendorff.alpha(said, level_of_measurement="nominal")
    assert found.alpha_low is not None
    assert found.alpha_high is not None
    assert found.alpha_low <= found.alpha <= found.alpha_high
    page = words(signed_in(olga).get(reverse("tasks:client_quality", args=["orbit", job.pk])))
    assert "How far two answers are apart goes by how many steps lie between, squared." in page


def test_rankings_agree_as_another_program_finds(orbit: Client, olga: Person, amina: Person, luis: Person) -> None:
    kind = opening.vote_kind("ranking", amina)
    data = [{"answers": ["x", "y", "z"]}] * 3
    job = opening.order(orbit, olga, kind, {"question": "Which?"}, data, overlap=2)
    said = [[[2, 1, 3], [1, 2, 3], [3, 1, 2]], [[2, 1, 3], [1, 3, 2], [3, 1, 2]]]
    for who, places in zip((amina, luis), said, strict=True):
        for ranks in places:
            work(job, who, {"ranks": ranks})
    assert estimates.estimate(job, at=clock.now())
    units = [[{"ranks": ranks} for ranks in unit] for unit in zip(*said, strict=True)]
    distance = shapes.find("ranking").distance({})
    assert distance
    assert Estimate.objects.get(job=job).alpha == pytest.approx(theirs(units, distance.between))


def test_drawings_have_an_alpha_and_their_least_certain_tasks(
    drawing: Callable[..., Job], olga: Person, amina: Person, luis: Person, priya: Person, signed_in: SignedIn
) -> None:
    job = drawing(tasks=2)
    tall, short = (polygon((0, 0), (x, 0), (x, 10), (0, 10)) for x in (10, 9))
    values = [{"shapes": [one]} for one in (tall, short, polygon((20, 0), (30, 0), (30, 10)))]
    for who, value in zip((amina, luis, priya), values, strict=True):
        work(job, who, value)
    assert estimates.estimate_due(at=clock.now()) == 1
    # Of one task drawn anew the interval would be that of somebody who is certain.
    assert (Estimate.objects.get(job=job).alpha, Estimate.objects.get(job=job).alpha_low) == (None, None)
    for who in (amina, luis, priya):
        work(job, who, values[0])
    assert estimates.estimate_due(at=clock.now()) == 1
    found = Estimate.objects.get(job=job)
    distance = job.shape.distance(job.form)
    assert distance
    assert found.alpha == pytest.approx(theirs([values, [values[0]] * 3], distance.between))
    assert found.alpha is not None
    assert found.alpha_low is not None
    assert found.alpha_high is not None
    assert found.alpha_low < found.alpha < found.alpha_high
    assert (found.answers, found.people, found.way) == (6, 3, "majority")
    assert found.doubtful == [[job.tasks.get(external_id="a").pk, 0.3333]]
    page = words(signed_in(olga).get(reverse("tasks:client_quality", args=["orbit", job.pk])))
    assert "a 33.33%" in page
    assert estimates.estimate_due(at=clock.now()) == 0


def test_drawings_that_one_member_makes_are_not_read(drawing: Callable[..., Job], amina: Person) -> None:
    job = drawing()
    work(job, amina, {"shapes": [polygon((0, 0), (9, 0), (9, 9))]})
    job.overlap = 1
    with CaptureQueriesContext(connection) as asked:
        assert estimates.estimate(job, at=clock.now()) is None
    assert not [query for query in asked if "tasks_answer" in query["sql"]]


def test_pairs_are_all_there_are_or_so_many_by_lot() -> None:
    assert sorted(map(tuple, distances.drawn(4, seed=1).tolist())) == [(0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3)]
    many = distances.drawn(1_000_000, seed=1)
    assert len(many) == distances.PAIRS
    assert (many[:, 0] != many[:, 1]).all()
    assert (many == distances.drawn(1_000_000, seed=1)).all()


def test_alpha_of_drawn_pairs_is_near_that_of_all(
    orbit: Client, olga: Person, amina: Person, luis: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = [[1, 2, 4, 5, 3, 3, 1, 5], [1, 3, 4, 4, 3, 2, 1, 5]]
    job = rated(orbit, olga, [amina, luis], said)
    distance = job.shape.distance(job.form)
    assert distance
    found = distances.compared(job, distance)
    whole = distances.alpha(job, found, distance)
    monkeypatch.setattr(distances, "PAIRS", 100)
    drawn = distances.alpha(job, found, distance)
    assert whole
    assert drawn
    assert drawn.alpha != whole.alpha
    assert drawn.alpha == pytest.approx(whole.alpha, abs=0.1)
    assert drawn.high - drawn.low > 0


def test_what_is_compared_by_chance_ends_with_many_marks(
    orbit: Client, olga: Person, amina: Person, luis: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = rated(orbit, olga, [amina, luis], [[1, 2, 4, 5], [1, 3, 4, 4]])
    distance = job.shape.distance(job.form)
    assert distance
    found = distances.compared(job, distance)
    monkeypatch.setattr(distances, "MOST_COMPARED", 5)
    pairs = distances.drawn(8, seed=1)
    assert len(list(distances._by_chance(job, pairs, found.numbers, distance))) == 6  # noqa: SLF001 - its bound


def test_what_is_compared_within_tasks_ends_with_many_marks(
    drawing: Callable[..., Job], amina: Person, luis: Person, priya: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = drawing(tasks=8)
    for number in range(7):
        wide = [{"shapes": [polygon((0, 0), (x, 0), (x, 10))] * 2} for x in (10, 10 + number)]
        for who, value in zip((amina, luis), wide, strict=True):
            work(job, who, value)
    work(job, priya, {"shapes": [polygon((20, 0), (30, 0), (30, 10))]})
    distance = job.shape.distance(job.form)
    assert distance
    whole = distances.compared(job, distance)
    # Each pair of answers has four pairs of marks: the third task passes the bound, and is still whole.
    monkeypatch.setattr(distances, "MOST_WITHIN", 15)
    monkeypatch.setattr(distances, "TASKS", 2)
    found = distances.compared(job, distance)
    assert (whole.said.sum(), found.said.sum() < 10) == (15, True)
    assert (found.answers, found.people) == (whole.answers, whole.people) == (15, 3)
    again = distances.compared(job, distance)
    assert (again.numbers, again.doubtful) == (found.numbers, found.doubtful)
    lots = [distances._by_lot(job) for _time in range(2)]  # noqa: SLF001 - which are drawn
    assert lots[0] == lots[1] != sorted(lots[0])
    assert len(lots[0]) == 7
    assert set(found.numbers) <= set(whole.numbers)


def test_many_tasks_are_drawn_in_groups(
    orbit: Client, olga: Person, amina: Person, luis: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = rated(orbit, olga, [amina, luis], [[1, 2, 4, 5], [1, 3, 4, 4]])
    distance = job.shape.distance(job.form)
    assert distance
    one = distances.alpha(job, distances.compared(job, distance), distance)
    monkeypatch.setattr(distances, "GROUPS", 2)
    found = distances.compared(job, distance)
    assert found.said.tolist() == [4, 4]
    other = distances.alpha(job, found, distance)
    assert one
    assert other
    assert other.alpha == pytest.approx(one.alpha)
