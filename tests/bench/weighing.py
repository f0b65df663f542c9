"""Comparing a job's answers in a process of its own: `python -m tests.bench.weighing JOB` prints the seconds."""

import sys
import time

import django

from tests.bench import datasets
from tests.bench.place import Place

TASKS, EACH = 8_334, 3


def measure(here: Place) -> list[tuple[str, str]]:
    """Return the seconds in which 25,000 answers are read, weighed and written down; libraries loaded before."""
    job, _loading = here.run("-m", "tests.bench.prepare", str(TASKS)).split()
    datasets.answer(here, job, each=EACH)
    seconds = here.run("-m", "tests.bench.weighing", job).split()[-1]
    return [(f"weigh {TASKS * EACH:,} answers (aim 5 s)", f"{seconds} s")]


def main(number: int) -> None:
    """Compare, and print how long it took."""
    django.setup()
    from coop import clock  # noqa: PLC0415 - after setup
    from tasks.models import Job  # noqa: PLC0415 - likewise
    from tasks.quality import estimates, inference  # noqa: F401, PLC0415 - likewise, and loaded before

    began = time.monotonic()
    found = estimates.estimate(Job.objects.select_related("work_type").get(pk=number), at=clock.now())
    assert found and found.way == "dawid-skene"  # noqa: PT018 - else nothing was measured
    print(round(time.monotonic() - began, 2))  # noqa: T201 - read by the process that asked


if __name__ == "__main__":
    main(int(sys.argv[1]))
