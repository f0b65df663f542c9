"""Looking at the database as an auditor does: one moment, read only, with whichever role signed in."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from django.core.management.base import CommandError
from django.db import connection, transaction

from coop.database import access
from coop.database.embedded import Unavailable

# One moment for the whole walk, and nothing written.
LOOKING = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY"
NO_LIMIT = "SELECT set_config('statement_timeout', '0', true)"


@contextmanager
def looking() -> Iterator[None]:
    """Look at one moment, without the limits of a page. Raises CommandError when there is no database."""
    try:
        with _connected(), _one_moment():
            yield
    except Unavailable as error:
        raise CommandError(str(error)) from error


@contextmanager
def _connected() -> Iterator[None]:
    """Connect to the database named in the environment, whichever role it signs in as, or to the embedded one."""
    if "DATABASE_URL" in os.environ:
        access.connect(os.environ["DATABASE_URL"])
        yield
        return
    with access.as_web():
        yield


@contextmanager
def _one_moment() -> Iterator[None]:
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(LOOKING)
            cursor.execute(NO_LIMIT)
        yield
