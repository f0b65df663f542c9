"""One of several processes: `python -m tests.bench.voters VOTE WORKER COUNT` lets COUNT people vote.

Tells how long each took.
"""

import sys
import time

import django

from tests.bench import crowd


def main(vote_id: int, worker: int, count: int) -> None:
    """Wait for the common start, then vote."""
    django.setup()
    from coop import clock  # noqa: PLC0415 - after setup
    from governance import voting  # noqa: PLC0415
    from governance.models import RollEntry  # noqa: PLC0415

    vote = voting.listed().get(pk=vote_id)
    first = 1000 + worker * count
    mine = RollEntry.objects.filter(proposal=vote, position__range=(first, first + count - 1)).select_related("person")
    people, times = [entry.person for entry in mine], []
    crowd.wait_for_all()
    for person in people:
        began = time.perf_counter()
        voting.cast(vote, "yes", by=person, at=clock.now())
        times.append(time.perf_counter() - began)
    crowd.tell(times)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
