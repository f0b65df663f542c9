"""The life of votes against a model of it that shares nothing with the code: `model.py`, walked through by `walk.py`.

States follow each other only as drawn there; what is final stays; a step on one vote touches no other; nothing
happens twice. One history has a thousand steps and more, until every kind of vote came to an end and every state was
seen; short ones are hypothesis's, which makes them shorter where they fail. `MODEL_STEPS=20000 MODEL_SEED=7` walks
another, longer way.
"""

import os
import random

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from governance.models import Rule
from tests.governance.ground import settle
from tests.governance.model import KINDS
from tests.governance.walk import missing, walk

pytestmark = pytest.mark.usefixtures("hall")
STEPS, SEED = int(os.environ.get("MODEL_STEPS", "1000")), int(os.environ.get("MODEL_SEED", "1"))


@pytest.fixture
def hall(committed: None, owner: psycopg.Connection) -> None:
    """Let some be affected and some be members of late."""
    settle(owner)


def test_a_thousand_steps_of_every_kind_of_vote_are_as_the_model_has_them() -> None:
    assert set(KINDS) == set(Rule.objects.values_list("key", flat=True))
    dice = random.Random(SEED).randrange  # noqa: S311 - a history that can be walked again
    assert not missing(walk(STEPS, dice, most=3 * STEPS))


@settings(
    max_examples=4, deadline=None, derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)  # fmt: skip
@given(chance=st.data())
def test_short_histories_are_as_the_model_has_them(chance: st.DataObject) -> None:
    walk(40, lambda sides: chance.draw(st.integers(0, sides - 1)))
