"""A vote is decided by the rule, the roll and the times of the day on which it was published (3.1).

Whatever numbers another vote gives its rule meanwhile, whoever leaves meanwhile, and however late it is counted.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from coop import clock
from coop.people.models import Person
from governance import mandates, resigning, voting
from governance.models import Proposal
from tests.governance.conftest import electors, members, reach
from tests.governance.test_rules import row, twice, write

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
# Shares are in parts of this. What N10 asks at first, and what it may come to ask.
ALL = 30_000
FIRST = {"deliberation_days": 7, "voting_days": 5, "whole_yes": 15_000, "whole_floor": 0, "turnout_floor": 0}
LATER = st.fixed_dictionaries({
    "deliberation_days": st.integers(7, 12), "voting_days": st.integers(7, 12),
    "whole_yes": st.integers(15_000, 27_000), "whole_floor": st.integers(0, 15_000),
    "turnout_floor": st.integers(0, 15_000),
})  # fmt: skip
SAY = st.lists(st.sampled_from(["yes", "yes", "no", "abstain"]), max_size=36)


def decides(rule: dict[str, int], said: list[str], roll: int) -> bool:
    """Tell whether so many ballots decide yes by a rule, on a roll of so many."""
    yes, no = said.count("yes"), said.count("no")
    enough = yes * ALL >= rule["whole_yes"] * (yes + no) and yes * ALL >= rule["whole_floor"] * roll
    return yes > no and enough and len(said) * ALL >= rule["turnout_floor"] * roll


def changed(numbers: dict[str, int], by: Person) -> datetime:
    """Give N10 other numbers by a vote, and return from when on they apply."""
    mandate = twice(write(row("N10", **numbers), by), by)
    assert not mandates.enact(mandate, at=clock.now()).failure
    return clock.now() + 15 * DAY


@settings(
    max_examples=8, deadline=None, derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip
@given(numbers=LATER, wait=st.integers(1, 20 * 24), leave=st.integers(0, 2), late=st.integers(0, 20), said=SAY)
def test_what_applied_at_publication_decides(
    published: Callable[..., Proposal], amina: Person, numbers: dict[str, int], wait: int, leave: int, late: int,
    said: list[str],
) -> None:  # fmt: skip
    with transaction.atomic():
        applies, gone = changed(numbers, amina), members()[-leave:] if leave else []
        at = clock.advance(wait * timedelta(hours=1))
        vote, rule = published("N10"), numbers if at >= applies else FIRST
        roll = electors(vote)
        assert vote.opens_at == (vote.published_at or at) + rule["deliberation_days"] * DAY
        leaves(gone)
        taken = cast_by(vote, [person for person in roll if person not in gone], said)
        reach(vote.closes_at)
        tally = voting.close(vote, at=clock.advance(late * DAY + DAY))
        assert tally.passed == decides(rule, taken, len(roll))
        assert electors(vote) == roll
        transaction.set_rollback(True)


def leaves(people: list[Person]) -> None:
    """Let some give notice at once, and leave when its seven days are over."""
    notices = [resigning.give_notice(person, pressure="none", at=clock.now()) for person in people]
    if notices:
        assert resigning.leave_due(reach(notices[-1].due_at))


def cast_by(vote: Proposal, people: list[Person], said: list[str]) -> list[str]:
    """Open the vote if it is not, let these people say these things, and return what was said."""
    at = reach(vote.opens_at)
    for person, choice in zip(people, said, strict=False):
        voting.cast(vote, choice, by=person, at=at)
    return said[: len(people)]
