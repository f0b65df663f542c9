"""How many messages and threads a person writes in an hour, as the database counts them: to one and to the moment."""

from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from tests.database.bare import ask_alone, empty, plant, stop_the_clock, written

pytestmark = pytest.mark.django_db
STEP, HOUR = timedelta(microseconds=1), timedelta(hours=1)
NOW = datetime(2030, 1, 1, tzinfo=UTC)
TALKER, OTHER = 1, 2


@pytest.mark.parametrize("most", [10, 30])
@pytest.mark.parametrize(
    ("less", "others", "ago", "flood"),
    [
        (0, 0, HOUR - STEP, True), (1, 0, HOUR - STEP, False), (1, 40, STEP, False), (0, 0, HOUR, False),
        (-1, 0, STEP, True), (10, 40, HOUR, False),
    ],
)  # fmt: skip
def test_ten_threads_and_thirty_messages_an_hour_are_the_most(  # threads_are_no_flood, messages_are_no_flood
    superuser: psycopg.Connection, most: int, less: int, others: int, ago: timedelta, *, flood: bool
) -> None:
    table, who, at = {10: ("thread", "opened_by_id", "opened_at"), 30: ("message", "author_id", "written_at")}[most]
    empty(superuser, f"governance_{table}")
    stop_the_clock(superuser, NOW)
    for person, many in ((TALKER, most - less), (OTHER, others)):
        for _one in range(many):
            plant(superuser, f"governance_{table}", **{who: person, at: NOW - ago})
    ask_alone(superuser, f"{table}s_are_no_flood", f"governance_{table}")
    told = written(superuser, f"governance_{table}", {who: TALKER, at: NOW})
    assert (told == f"{table}s_are_no_flood") == flood
