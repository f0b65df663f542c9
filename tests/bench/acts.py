"""One of several processes: `python -m tests.bench.acts JOB WORKER COUNT` lives COUNT lives of a task.

A life is claim, hand in, accept by a peer, pay. Tells how long each claim took.
"""

import sys
import time
import uuid

import django

from tests.bench import crowd


def main(job_id: int, worker: int, count: int) -> None:
    """Wait for the common start, then work."""
    django.setup()
    from coop import clock  # noqa: PLC0415 - after setup
    from coop.demo.founding import CHORUS  # noqa: PLC0415
    from coop.demo.life import person  # noqa: PLC0415
    from tasks import answers, claims, reviews  # noqa: PLC0415
    from tasks.models import Job  # noqa: PLC0415

    job = Job.objects.select_related("client", "work_type").get(pk=job_id)
    member, peer = person(CHORUS[2 * worker]), person(CHORUS[2 * worker + 1])
    times = []
    crowd.wait_for_all()
    for _life in range(count):
        began = time.perf_counter()
        assignment = claims.claim_next(job, by=member, at=clock.now())
        times.append(time.perf_counter() - began)
        answers.submit(assignment, value={"labels": ["Same"]}, key=uuid.uuid4(), seconds=20, by=member, at=clock.now())
        # Takes the check, locks its pay and pays it too.
        reviews.accept(assignment, by=peer, at=clock.now())
    crowd.tell(times)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
