"""A stream comes in lists that are neither long nor heavy, and nothing is lost or turned round."""

from itertools import chain

from hypothesis import given
from hypothesis import strategies as st

from coop.portions import portions


@given(st.lists(st.integers(0, 9)), st.integers(1, 5), st.integers(1, 20))
def test_nothing_is_lost_and_no_list_is_long_or_heavy(things: list[int], most: int, heaviest: int) -> None:
    found = list(portions(things, most=most, weight=int, heaviest=heaviest))
    assert list(chain.from_iterable(found)) == things
    assert all(0 < len(some) <= most for some in found)
    assert all(sum(some[:-1]) < heaviest for some in found)
