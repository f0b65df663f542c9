"""Several processes at once on one job, and what they came to."""

import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

from coop.database import roles
from tests.bench.place import CONCURRENCY, ROOT, Place


@dataclass(frozen=True, slots=True)
class Result:
    """How many a second, the milliseconds of one in the middle and of the 95th of 100, and what was spent on one."""

    rate: float
    middle_ms: float
    slow_ms: float
    spent: float


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """Another's Python, and the address of its database."""

    python: tuple[str, ...]
    url: str


HERE = Elsewhere((sys.executable,), "")


def work(
    here: Place,
    module: str,
    job: str,
    *,
    count: int,
    people: int = CONCURRENCY,
    extra: tuple[str, ...] = (),
    there: Elsewhere = HERE,
    meter: Callable[[], float] = time.monotonic,
) -> Result:
    """Let so many processes do `count` each and tell of all together; as the site, unless `there` says.

    What is spent on one is what `meter` went on by meanwhile, shared among all.
    """
    environment = here.environment | {"DATABASE_URL": there.url or here.cluster.url(roles.WEB, roles.DATABASE)}
    started = [
        subprocess.Popen(  # noqa: S603 - our own module
            [*there.python, "-m", module, job, str(worker), str(count), *extra],
            cwd=ROOT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )
        for worker in range(people)
    ]  # fmt: skip
    for process in started:
        process.stdout.readline()  # type: ignore[union-attr]
    before, start = meter(), _start(started)
    said = [process.communicate()[0].split() for process in started]
    spent = meter() - before
    if any(process.returncode for process in started):
        message = f"{module} failed; its message stands above."
        raise SystemExit(message)
    last = max(float(ended) for ended, *_times in said)
    each = sorted(float(one) for _ended, *times in said for one in times)
    return Result(people * count / (last - start), each[len(each) // 2], each[len(each) * 95 // 100], spent / len(each))


def _start(processes: list[subprocess.Popen[str]]) -> float:
    """Let all go, and return when that was."""
    start = time.time()
    for process in processes:
        print("go", file=process.stdin, flush=True)
    return start


def wait_for_all() -> None:
    """Say in one of these processes that it is ready, and wait until all are."""
    print("ready", flush=True)  # noqa: T201 - read by the process that started this one
    sys.stdin.readline()


def tell(times: list[float]) -> None:
    """Say in one of these processes that it is done, and how many seconds each took."""
    print(time.time(), *(each * 1000 for each in times))  # noqa: T201 - read by the process that started this one
