"""Expulsions go the whole way of part 7 and N7 or do not happen: `expelling.py`, walked beside a model of it.

Nobody is expelled but by a panel drawn by lot, after an answer or the time for one, with the appeal over, by the
general meeting; whatever else is tried in whatever order. `EXPELLING_SEED=7` walks other histories.
"""

import os
import random
from collections import Counter

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.governance.expelling import WAYS, walk

pytestmark = pytest.mark.django_db
SEED, STEPS, MOST = int(os.environ.get("EXPELLING_SEED", "1")), 40, 80


def test_cases_end_in_every_way_there_is_and_in_no_other() -> None:
    dice = random.Random(SEED).randrange  # noqa: S311 - histories that can be walked again
    seen: Counter[tuple[object, object]] = Counter()
    for _history in range(MOST):
        seen += walk(STEPS, dice).done
        if seen.keys() >= WAYS:
            break
    assert not WAYS - seen.keys()


@settings(
    max_examples=6, deadline=None, derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)  # fmt: skip
@given(chance=st.data())
def test_short_cases_are_as_the_model_has_them(chance: st.DataObject) -> None:
    walk(25, lambda sides: chance.draw(st.integers(0, sides - 1)))
