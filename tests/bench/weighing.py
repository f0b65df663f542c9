"""Comparing a job's answers in a process of its own: `python -m tests.bench.weighing JOB` prints how long.

The seconds of comparing them all, the milliseconds of seeing that nothing more is due, and the peak of memory.
"""

import resource
import sys
import time

import django

from tests.bench import datasets
from tests.bench.place import Place

TASKS, EACH = 8_334, 3
FEW, MANY = 10_000, 1_000_000
# A tenth more answers bear the next comparison: of each the cost is a tenth of all answers' part.
BEAR = 0.1


def measure(here: Place) -> list[tuple[str, str]]:
    """Return the seconds in which 25,000 answers are read, weighed and written down; libraries loaded before."""
    seconds, _look, _memory = _weighed(here, TASKS)
    few, many = (_weighed(here, answers // EACH) for answers in (FEW, MANY))
    each = [1e6 * found[0] / (BEAR * answers) for found, answers in ((few, FEW), (many, MANY))]
    return [
        (f"weigh {TASKS * EACH:,} answers (aim 5 s)", f"{seconds} s"),
        (f"weigh a new answer to a job of {FEW:,}, its part of all", f"{each[0]:.0f} microseconds"),
        (f"weigh a new answer to a job of {MANY:,}, likewise", f"{each[1]:.0f} microseconds"),
        ("  ratio (aim: at most 1.2)", f"{each[1] / each[0]:.2f}"),
        (f"see that no job is due, {FEW:,} and {MANY:,} answers", f"{few[1]} and {many[1]} ms"),
        (f"  peak memory of weighing {MANY:,} against {FEW:,}", f"{(many[2] - few[2]) / 1024:+.0f} MB"),
    ]


def _weighed(here: Place, tasks: int) -> tuple[float, float, int]:
    """Return the seconds of weighing so many tasks' answers, the milliseconds of one more look, and peak kilobytes."""
    job, _loading = here.run("-m", "tests.bench.prepare", str(tasks)).split()
    datasets.answer(here, job, each=EACH)
    seconds, look, memory = here.run("-m", "tests.bench.weighing", job).split()[-3:]
    return float(seconds), float(look), int(memory)


def main(number: int) -> None:
    """Compare, look once more, and print how long each took, and the peak memory."""
    django.setup()
    from coop import clock  # noqa: PLC0415 - after setup
    from tasks.models import Job  # noqa: PLC0415 - likewise
    from tasks.quality import estimates, inference  # noqa: F401, PLC0415 - likewise, and loaded before

    began = time.monotonic()
    found = estimates.estimate(Job.objects.select_related("work_type").get(pk=number), at=clock.now())
    assert found and found.way == "dawid-skene"  # noqa: PT018 - else nothing was measured
    compared = time.monotonic()
    estimates.estimate_due(at=clock.now())
    looked = time.monotonic()
    assert estimates.estimate_due(at=clock.now()) == 0
    look, peak = time.monotonic() - looked, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(round(compared - began, 2), round(1000 * look, 2), peak)  # noqa: T201 - read by the process that asked


if __name__ == "__main__":
    main(int(sys.argv[1]))
