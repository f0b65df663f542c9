"""Looking at the database as an auditor does: one moment, read only, with whichever role signed in."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from django.core.management.base import CommandError

from coop.database import access
from coop.database.embedded import Unavailable
from coop.database.moment import one_moment


@contextmanager
def looking() -> Iterator[None]:
    """Look at one moment, without the limits of a page. Raises CommandError when there is no database."""
    try:
        with _connected(), one_moment():
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
