"""What somebody asks the site for until it answers: the same request again, however often the line was cut."""

import http.client
import time
from collections.abc import Callable
from threading import Event

# A connection that was cut, a server that is gone, a database that is gone: ask again.
CUT = (http.client.HTTPException, OSError)
PAUSE = 0.1


class Unanswered(Exception):  # noqa: N818 - reads as the sentence it is
    """The site is being killed; whoever asked goes on with the same request when it is back."""


def until_answered[T](ask: Callable[[], T], resting: Event) -> T:
    """Return the first answer to a request, sent again and again; raise Unanswered when everybody rests."""
    while True:
        try:
            return ask()
        except CUT:
            if resting.is_set():
                raise Unanswered from None
            time.sleep(PAUSE)
