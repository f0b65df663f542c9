"""What programs have spent of the processor, with all that they started."""

import os
from pathlib import Path

from tests.bench.place import Place

TICKS = os.sysconf("SC_CLK_TCK")


def spent(*programs: int) -> float:
    """Return the seconds of programs and of all that they started, those too that ended and were waited for."""
    return sum(map(_ticks, family(*programs))) / TICKS


def family(*programs: int) -> list[int]:
    """Return programs and all processes below them that run."""
    found, waiting = list[int](), list(programs)
    while waiting:
        found.append(process := waiting.pop())
        threads = Path(f"/proc/{process}/task").glob("*/children")
        waiting += [int(child) for thread in threads for child in _words(thread)]
    return found


def database(here: Place) -> int:
    """Return the process number of the server of PostgreSQL, which starts one for each connection."""
    return int((here.cluster.data / "postmaster.pid").read_text().split("\n", 1)[0])


def _ticks(process: int) -> int:
    """Return utime, stime, cutime and cstime together (proc(5)); none of a process that ended this moment."""
    after_its_name = " ".join(_words(Path(f"/proc/{process}/stat"))).rpartition(")")[2].split()
    return sum(map(int, after_its_name[11:15]))


def _words(file: Path) -> list[str]:
    try:
        return file.read_text().split()
    except (FileNotFoundError, ProcessLookupError):
        return []
