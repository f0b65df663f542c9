"""What falls due for many at once: one that fails holds up none of the others."""

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import batched, chain

from django.db.models import Model, QuerySet

log = logging.getLogger(__name__)


def each[T: Model](act: Callable[[T], int], things: Iterable[T], *, failed: str) -> int:
    """Do something for each, and return the sum of what that returns.

    What raises is logged in the words of `failed`, with the number of the thing in their place, and counts as nothing.
    """
    return sum(_done(act, one, failed) for one in things)


def together[T: Model](act: Callable[[Sequence[T]], int], things: Sequence[T], *, failed: str) -> int:
    """Do something for all at once, in an act that is undone where it fails; then for each alone, as `each` does."""
    try:
        return act(things)
    except Exception as error:  # noqa: BLE001 - each is tried alone, and what is wrong with it is logged there
        log.info("not all %s at once: %s", len(things), error)
        return each(lambda one: act([one]), things, failed=failed)


def pages[T: Model](things: QuerySet[T], *, at_once: int = 500) -> Iterator[list[T]]:
    """Yield all of a query in the order of their numbers, some at a time, each once: what fails is not met again.

    What is not of the query any more when its turn comes is left out.
    """
    for some in batched(sorted(things.values_list("pk", flat=True)), at_once, strict=False):
        yield list(things.filter(pk__in=some).order_by("pk"))


def each_of[T: Model](act: Callable[[T], int], things: QuerySet[T], *, failed: str) -> int:
    """Do something for each of a query, as `each` does, in `pages`."""
    return each(act, chain.from_iterable(pages(things)), failed=failed)


def _done[T: Model](act: Callable[[T], int], one: T, failed: str) -> int:
    try:
        return act(one)
    except Exception:
        log.exception(failed, one.pk)
        return 0
