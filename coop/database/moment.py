"""Looking at much of the database, or reckoning over it: without the limits of a page."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

LOOKING = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY"
NO_LIMIT = "SELECT set_config('statement_timeout', '0', true)"
LONGER = """
SELECT set_config('statement_timeout', %(time)s, true),
    set_config('idle_in_transaction_session_timeout', %(time)s, true)
"""


@contextmanager
def one_moment() -> Iterator[None]:
    """Look at one moment; within a transaction that has begun, at what it sees."""
    if connection.in_atomic_block:
        yield
        return
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(LOOKING)
            cursor.execute(NO_LIMIT)
        yield


@contextmanager
def no_limit() -> Iterator[CursorWrapper]:
    """Write in one transaction whose statements take as long as they take; not for what somebody waits for."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(NO_LIMIT)
        yield cursor


def take_time(*, minutes: int) -> None:
    """Let each statement of this transaction, and each pause between two, take so long; a page has less."""
    with connection.cursor() as cursor:
        cursor.execute(LONGER, {"time": f"{minutes}min"})
