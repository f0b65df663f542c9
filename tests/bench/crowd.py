"""Several processes at once on one job, and what they came to."""

import subprocess
import sys
import time
from dataclasses import dataclass

from coop.database import roles
from tests.bench.place import CONCURRENCY, ROOT, Place


@dataclass(frozen=True, slots=True)
class Result:
    """How many a second, and the median milliseconds of one claim."""

    rate: float
    claim_ms: float


def work(
    here: Place,
    module: str,
    job: str,
    *,
    count: int,
    people: int = CONCURRENCY,
    extra: tuple[str, ...] = (),
    python: tuple[str, ...] = (sys.executable,),
    url: str = "",
) -> Result:
    """Let so many processes do `count` each and return the rate of all together; as the site, unless `url` says."""
    environment = here.environment | {"DATABASE_URL": url or here.cluster.url(roles.WEB, roles.DATABASE)}
    started = [
        subprocess.Popen(  # noqa: S603 - our own module
            [*python, "-m", module, job, str(worker), str(count), *extra],
            cwd=ROOT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )
        for worker in range(people)
    ]  # fmt: skip
    start = _start(started)
    said = [process.communicate()[0].split() for process in started]
    if any(process.returncode for process in started):
        message = f"{module} failed; its message stands above."
        raise SystemExit(message)
    last = max(float(ended) for ended, _ in said)
    return Result(people * count / (last - start), sorted(float(median) for _, median in said)[people // 2])


def _start(processes: list[subprocess.Popen[str]]) -> float:
    """Wait until all are ready, let them go, and return when that was."""
    for process in processes:
        process.stdout.readline()  # type: ignore[union-attr]
    start = time.time()
    for process in processes:
        print("go", file=process.stdin, flush=True)
    return start


def wait_for_all() -> None:
    """Say in one of these processes that it is ready, and wait until all are."""
    print("ready", flush=True)  # noqa: T201 - read by the process that started this one
    sys.stdin.readline()
