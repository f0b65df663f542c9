"""Ordered answers: alpha of scales beside another program's, strengths of systems beside a published fit."""

from typing import Any

import krippendorff
import numpy as np
import pandas as pd
import pytest
from crowdkit.aggregation import BradleyTerry
from django.test import Client as Browser
from django.urls import reverse
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from coop import clock
from coop.people.models import Client, Person
from tasks import shapes
from tasks.models import Estimate, Job
from tasks.quality import agreement, estimates, ordered
from tasks.shapes.shape import Duel
from tests.tasks import opening
from tests.tasks.conftest import work
from tests.tasks.quality.test_estimates import SignedIn, words
from tests.tasks.test_api import program

COUNTS = st.lists(st.lists(st.integers(0, 4), min_size=5, max_size=5), min_size=2, max_size=30)
# Games won in the American League, eastern division, 1987: row against column (Agresti, Categorical Data Analysis).
TEAMS = ["Milwaukee", "Detroit", "Toronto", "New York", "Boston", "Cleveland", "Baltimore"]
WON = [
    [0, 7, 9, 7, 7, 9, 11], [6, 0, 7, 5, 11, 9, 9], [4, 6, 0, 7, 7, 8, 12], [6, 8, 6, 0, 6, 7, 10],
    [6, 2, 6, 7, 0, 7, 12], [4, 4, 5, 6, 6, 0, 6], [2, 4, 1, 3, 1, 7, 0],
]  # fmt: skip
PUBLISHED = [1.581, 1.436, 1.294, 1.248, 1.108, 0.684, 0]  # logarithms, Baltimore's being 0


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(COUNTS)
def test_alpha_of_steps_is_what_another_program_finds(rows: list[list[int]]) -> None:
    counts = np.array(rows)
    paired = counts[counts.sum(axis=1) > 1]
    assume(len(paired) > 1 and (paired.sum(axis=0) > 0).sum() > 1)
    found = agreement.alpha(counts, seed=1, ordered=True)
    assert found
    expected = krippendorff.alpha(value_counts=counts, value_domain=[*range(5)], level_of_measurement="ordinal")
    assert found.alpha == pytest.approx(expected, abs=1e-9)


def test_steps_further_apart_agree_less() -> None:
    near, far = np.array([[1, 1, 0, 0, 0], [0, 0, 0, 1, 1]]), np.array([[1, 0, 0, 1, 0], [0, 1, 0, 0, 1]])
    one, other = (agreement.alpha(np.tile(rows, (5, 1)), seed=1, ordered=True) for rows in (near, far))
    assert one
    assert other
    assert other.alpha < 0 < one.alpha


def games() -> list[tuple[int, Duel]]:
    """Return every game as a task of its own."""
    return list(
        enumerate(
            Duel(TEAMS[one], TEAMS[other], 1.0)
            for one in range(7) for other in range(7) for _game in range(WON[one][other])
        )
    )  # fmt: skip


def test_strengths_are_those_that_are_published() -> None:
    strengths = ordered._strengths(np.array([WON], dtype=float), np.ones((1, 7)), 5000)[0]  # noqa: SLF001 - its figures
    assert np.log(strengths / strengths[-1]) == pytest.approx(PUBLISHED, abs=1e-3)


def test_systems_come_in_the_order_another_program_finds_with_an_interval_that_holds_them() -> None:
    found = ordered.systems(games(), seed=1)
    rows = [(duel.first, duel.second, duel.first) for _task, duel in games()]
    table = pd.DataFrame(rows, columns=["left", "right", "label"])
    # It compares its last step with itself and would stop after the second; below zero it goes on.
    theirs = BradleyTerry(n_iter=5000, tol=-1).fit_predict(table)
    assert [one["system"] for one in found] == list(theirs.sort_values(ascending=False).index) == TEAMS
    for one in found:
        rest = [
            theirs[one["system"]] / (theirs[one["system"]] + theirs[name]) for name in TEAMS if name != one["system"]
        ]
        assert one["wins"] == pytest.approx(np.mean(rest), abs=1e-3)
        assert one["low"] < one["wins"] < one["high"]
        assert one["compared"] == 78
    assert found == ordered.systems(games(), seed=1)


def test_the_same_is_half_a_win_and_who_never_won_still_has_a_place() -> None:
    even = ordered.systems([(n, Duel("a", "b", 0.5)) for n in range(20)], seed=1)
    assert [one["system"] for one in even] == ["a", "b"]
    assert {one[name] for one in even for name in ("wins", "low", "high")} == {0.5}
    lost = ordered.systems([(n, Duel("a", "b", 1)) for n in range(20)], seed=1)
    assert [(one["system"], one["wins"]) for one in lost] == [("a", 1), ("b", 0)]


def test_systems_that_never_met_are_not_compared() -> None:
    assert ordered.systems([(1, Duel("a", "b", 1)), (2, Duel("c", "d", 1))], seed=1) == []
    assert ordered.systems([], seed=1) == []


def test_kinds_say_who_won() -> None:
    comparison, ranking = shapes.find("comparison"), shapes.find("ranking")
    data = {"a": "x", "b": "y", "system_a": "one", "system_b": "two"}
    shares = [
        comparison.duels(data, {"preference": said})[0].share for said in ("a_little", "same", "both_bad", "b_much")
    ]
    assert shares == [1, 0.5, 0.5, 0]
    assert comparison.duels({"a": "x", "b": "y"}, {"preference": "a_much"}) == []
    assert ranking.duels({"systems": ["p", "q", "r"]}, {"ranks": [2, 1, 2]}) == [
        Duel("p", "q", 0), Duel("p", "r", 0.5), Duel("q", "r", 1),
    ]  # fmt: skip
    assert ranking.data_problems({}, {"answers": ["a", "b"], "systems": ["p"]})
    assert ranking.data_problems({}, {"answers": ["a", "b"], "systems": ["p", "q"]}) == []


@pytest.fixture
def compared(orbit: Client, olga: Person, amina: Person, luis: Person) -> Job:
    """Return a job in which two members ordered the answers of three systems, twice alike."""
    kind = opening.vote_kind("ranking", amina)
    data = [{"answers": ["x", "y", "z"], "systems": ["Owl", "Fox", "Elk"]}] * 2
    job = opening.order(orbit, olga, kind, {"question": "Which?"}, data, overlap=2)
    for who in (amina, luis):
        for _task in range(2):
            work(job, who, {"ranks": [2, 1, 3]})
    assert estimates.estimate(job, at=clock.now())
    return job


def test_a_client_reads_how_its_systems_stand_and_no_member_reads_their_names(
    compared: Job, olga: Person, orbit: Client, signed_in: SignedIn
) -> None:
    found = Estimate.objects.get(job=compared)
    assert [one["system"] for one in found.systems] == ["Fox", "Owl", "Elk"]
    page = words(signed_in(olga).get(reverse("tasks:client_quality", args=["orbit", compared.pk])))
    assert "Fox 8 99.98%" in page
    call, _key = program(orbit, olga, ["read"])
    assert call("GET", f"jobs/{compared.pk}/quality").json()["systems"] == found.systems
    shape = shapes.find("ranking")
    shown: Any = shape.page({"question": "?"}, compared.tasks.all()[0].data, {}, 1)
    assert "Fox" not in str(shown)


def test_scales_are_told_with_their_interval(
    orbit: Client, olga: Person, amina: Person, luis: Person, signed_in: SignedIn
) -> None:
    kind = opening.vote_kind("rating", amina)
    form = {"question": "How good?", "scales": [{"name": "Clear", "steps": 5}]}
    job = opening.order(orbit, olga, kind, form, [{"text": str(n)} for n in range(4)], overlap=2)
    for who, steps in ((amina, (1, 2, 4, 5)), (luis, (1, 3, 4, 5))):
        for step in steps:
            work(job, who, {"ratings": {"Clear": step}})
    assert estimates.estimate(job, at=clock.now())
    (scale,) = Estimate.objects.get(job=job).scales
    expected = krippendorff.alpha([[1, 2, 4, 5], [1, 3, 4, 5]], level_of_measurement="ordinal")
    assert scale["alpha"] == pytest.approx(expected, abs=1e-4)
    assert scale["low"] <= scale["alpha"] <= scale["high"]
    browser: Browser = signed_in(olga)
    assert "Clear" in words(browser.get(reverse("tasks:client_quality", args=["orbit", job.pk])))
