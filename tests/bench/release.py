"""Write a version of a job, or a file of it, in a process of its own: seconds, peak kB and bytes are printed.

`python -m tests.bench.release JOB version`, or the name of a format; `names` prints the formats that the job has, and
`zip FILES` packs so many small files, as Pascal VOC, KITTI and MOT have one for each task.
"""

import sys
import time
from collections.abc import Callable

import django

from tests.bench import memory

LINE = b"car 0.00 0 -10 2.00 2.00 12.00 10.00 -1 -1 -1 -1000 -1000 -1000 -10\n"


def version(job: int) -> int:
    """Have a version written as the worker writes it; return how many answers it has."""
    from coop import clock  # noqa: PLC0415 - after setup
    from tasks import releases  # noqa: PLC0415
    from tasks.models import Job  # noqa: PLC0415

    asked = releases.ask(Job.objects.get(pk=job), by=None, at=clock.now())
    return releases.write(asked, at=clock.now()).answers


def file(job: int, name: str) -> int:
    """Have a file of the latest version made as the worker makes it; return its bytes."""
    from coop import clock  # noqa: PLC0415 - after setup
    from tasks import formats, release_files  # noqa: PLC0415
    from tasks.models import Release  # noqa: PLC0415

    release = Release.objects.select_related("job__work_type").filter(job=job).latest("pk")
    asked = release_files.ask(release, formats.find(name, release.job), at=clock.now())
    return release_files.make(asked, at=clock.now()).bytes


def names(job: int) -> list[str]:
    """Return the formats of a job but the one that needs no file."""
    from tasks import formats, release_files  # noqa: PLC0415 - after setup
    from tasks.models import Job  # noqa: PLC0415

    found = formats.of(Job.objects.select_related("work_type").get(pk=job))
    return [name for name in found if name != release_files.LINES]


def packed(count: int) -> int:
    """Pack so many files and keep none; return the bytes of the ZIP."""
    from coop import clock  # noqa: PLC0415 - after setup
    from tasks.formats import zipped  # noqa: PLC0415

    entries = ((f"label_2/{number:07d}.txt", [LINE]) for number in range(count))
    return sum(len(piece) for piece in zipped.packed(entries, at=clock.now()))


def _measured(work: Callable[[], int]) -> str:
    began = time.monotonic()
    made = work()
    return f"{time.monotonic() - began:.1f} {memory.peak()} {made}"


def main(first: str, second: str) -> None:
    """Do one thing and print what it took."""
    django.setup()
    if first == "zip":
        told = _measured(lambda: packed(int(second)))
    elif second == "names":
        told = " ".join(names(int(first)))
    else:
        told = _measured(lambda: version(int(first)) if second == "version" else file(int(first), second))
    print(told)  # noqa: T201 - read by the process that asked


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
