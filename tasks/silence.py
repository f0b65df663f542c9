"""All that silence accepts: one batch after the other, and from the second on two at once.

A batch waits for the site while it is prepared and for the database while it is posted, so that one hand alone leaves a
processor idle. Two hands leave out what the other has locked; the funds' accounts they take in turn (decision 0240).
"""

from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait

from django.db import connection

from coop import clock
from tasks import reviews

HANDS = 2


def accept_all(limit: int = reviews.AT_ONCE) -> Iterator[int]:
    """Accept all that nobody objected to in time, `limit` at once; yield how many each batch was, once it is paid.

    Not to be called inside a transaction: the hands have connections of their own.
    """
    first = reviews.accept_silent(at=clock.now(), limit=limit)
    yield first
    if first == limit:
        yield from _together(limit)


def _together(limit: int) -> Iterator[int]:
    with ThreadPoolExecutor(HANDS) as pool:
        going = {pool.submit(_batch, limit) for _hand in range(HANDS)}
        while going:
            done, going = wait(going, return_when=FIRST_COMPLETED)
            for found in (batch.result() for batch in done):
                if found == limit:
                    going.add(pool.submit(_batch, limit))
                yield found


def _batch(limit: int) -> int:
    try:
        return reviews.accept_silent(at=clock.now(), limit=limit)
    finally:
        connection.close()
