import krippendorff
import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from tasks.quality import agreement

COUNTS = st.lists(st.lists(st.integers(0, 5), min_size=3, max_size=3), min_size=2, max_size=30)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(COUNTS)
def test_alpha_is_what_another_program_finds(rows: list[list[int]]) -> None:
    counts = np.array(rows)
    paired = counts[counts.sum(axis=1) > 1]
    assume(len(paired) > 1 and (paired.sum(axis=0) > 0).sum() > 1)
    found = agreement.alpha(counts, seed=1)
    assert found
    expected = krippendorff.alpha(value_counts=counts, level_of_measurement="nominal")
    assert found.alpha == pytest.approx(expected, abs=1e-9)


def test_all_alike_is_one_and_half_and_half_is_below_zero() -> None:
    alike = agreement.alpha(np.array([[3, 0], [0, 3], [3, 0]]), seed=1)
    apart = agreement.alpha(np.array([[1, 1]] * 20), seed=1)
    assert alike
    assert apart
    assert (alike.alpha, alike.low, alike.high) == (1, 1, 1)
    assert apart.alpha < 0


@pytest.mark.parametrize("rows", [[[1, 0], [0, 1]], [[3, 0], [2, 0]], [[0, 0]], [[2, 1], [1, 0]]])
def test_nothing_is_said_where_nothing_can_be_compared(rows: list[list[int]]) -> None:
    assert agreement.alpha(np.array(rows), seed=1) is None


def test_the_interval_holds_alpha_narrows_with_more_tasks_and_is_the_same_each_time() -> None:
    few = np.array([[3, 0], [2, 1], [0, 3], [1, 2]] * 5)
    first, again, many = (agreement.alpha(rows, seed=7) for rows in (few, few, np.tile(few, (20, 1))))
    assert first == again
    assert first
    assert many
    assert first.low < first.alpha < first.high
    assert many.high - many.low < (first.high - first.low) / 3
