"""What falls due for many at once: one that fails holds up none of the others."""

import logging
from collections.abc import Callable, Iterable

from django.db.models import Model

log = logging.getLogger(__name__)


def each[T: Model](act: Callable[[T], int], things: Iterable[T], *, failed: str) -> int:
    """Do something for each, and return the sum of what that returns.

    What raises is logged in the words of `failed`, with the number of the thing in their place, and counts as nothing.
    """
    return sum(_done(act, one, failed) for one in things)


def _done[T: Model](act: Callable[[T], int], one: T, failed: str) -> int:
    try:
        return act(one)
    except Exception:
        log.exception(failed, one.pk)
        return 0
