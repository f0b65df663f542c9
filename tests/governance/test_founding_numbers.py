"""The numbers with which a cooperative begins are those of its constitution, part 3, and of the parts that it names."""

import pytest

from governance.models import Parameter, Post, Rule

pytestmark = pytest.mark.django_db

HALF, TWO_THIRDS, THREE_QUARTERS, THIRD = 15_000, 20_000, 22_500, 10_000
# Days of deliberation, of the frozen text, of voting and of the lock; then of those affected and of the whole the share
# of yes among yes and no and its floor of the roll; the share that has to take part; readings; whether seniors are
# asked too. Shares are of 30,000.
RULES = {
    "N1": (21, 7, 7, 14, TWO_THIRDS, 12_000, None, 0, 0, 1, True),
    "N2": (21, 7, 10, 21, THREE_QUARTERS, HALF, HALF, 4_500, 0, 1, True),
    "N3": (30, 7, 10, 30, THREE_QUARTERS, THIRD, THREE_QUARTERS, THIRD, 0, 2, True),
    "N6": (30, 7, 10, 60, TWO_THIRDS, 0, HALF, 4_500, 0, 1, True),
    "N7": (7, 0, 7, 0, None, 0, TWO_THIRDS, 6_000, 0, 1, False),
    "N8": (21, 7, 7, 14, None, 0, HALF, 4_500, 0, 1, False),
    "N9": (14, 0, 7, 7, HALF, 0, None, 0, 6_000, 1, False),
    "N10": (7, 0, 5, 0, None, 0, HALF, 0, 0, 1, False),
    "N11": (15, 0, 7, 7, None, 0, HALF, 3_000, 0, 1, False),
    "N12": (15, 15, 7, 7, None, 0, HALF, 0, 0, 1, False),
    "N13": (7, 7, 7, 0, None, 0, HALF, 0, 4_500, 1, False),
    "N14": (21, 7, 7, 14, None, 0, TWO_THIRDS, 6_000, 0, 1, False),
    "N15": (30, 7, 10, 30, None, 0, THREE_QUARTERS, THIRD, 0, 2, True),
    "3.2": (0, 0, 7, 0, None, 0, HALF, 0, 0, 1, False),
}
NUMBERS = {
    "candidate_days": 90, "cuts_in_a_year": 4_500, "emergency_hours": 72, "panel_size": 5, "petition_most": 500,
    "exposure_minutes": 120, "hidden_dollars": 5, "petition_share": 1_500, "reply_days": 15, "support_most": 200,
    "support_share": 300,
}  # fmt: skip
# Days of a term, and seats.
POSTS = {
    "auditor": (1095, 1), "panel trustee": (730, 3), "safety officer": (1095, 1), "secretary": (1095, 1),
    "treasurer": (1095, 1),
}  # fmt: skip


def test_each_rule_asks_what_the_constitution_says() -> None:
    rows = Rule.objects.values_list(
        "key", "deliberation_days", "frozen_days", "voting_days", "lock_days", "affected_yes", "affected_floor",
        "whole_yes", "whole_floor", "turnout_floor", "readings", "seniors_too",
    )  # fmt: skip
    assert {key: tuple(numbers) for key, *numbers in rows} == RULES


def test_each_number_of_part_8_is_the_constitutions() -> None:
    assert dict(Parameter.objects.values_list("name", "value")) == NUMBERS


def test_each_post_has_its_term_and_seats() -> None:
    assert {
        name: (days, seats) for name, days, seats in Post.objects.values_list("name", "term_days", "seats")
    } == POSTS
