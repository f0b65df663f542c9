"""Hand out a job's answers in a process of its own: `python -m tests.bench.export JOB` prints seconds and peak kB."""

import sys
import time

import django

from tests.bench import memory


def main(job_id: int) -> None:
    """Read the whole export as a slow client would: piece by piece, keeping none."""
    django.setup()
    from tasks import exports  # noqa: PLC0415 - after setup
    from tasks.models import Job  # noqa: PLC0415

    job = Job.objects.select_related("client", "work_type").get(pk=job_id)
    began = time.monotonic()
    count = sum(1 for _line in exports.jsonl(exports.rows(job)))
    print(round(time.monotonic() - began, 2), memory.peak(), count)  # noqa: T201 - read by the process that asked


if __name__ == "__main__":
    main(int(sys.argv[1]))
