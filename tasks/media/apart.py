"""Decoding apart: a file from outside is read by a process that has no secrets, no database and little to use up.

`run` is the side of the site; the module run as a program is the other. A decoder that crashes, or takes too much
memory or time, ends that process alone, and the file is said to be broken.
"""

import ctypes
import json
import resource
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

from tasks.media.bounds import UNPACKED_BYTES, Unfit

MEMORY_BYTES = 3_000_000_000
# 4K in ten bits takes nearly as much.
VIDEO_MEMORY_BYTES = 2_000_000_000
CPU_SECONDS = 120
PATIENCE = 300
OPEN_FILES = 64
# Linux's PR_SET_PDEATHSIG.
ENDS_WITH_PARENT = 1
ROOT = Path(__file__).resolve().parents[2]


def run(source: Path, folder: Path) -> dict[str, Any]:
    """Have a file written again into `folder`; return its `kind`, `content_type` and `facts`. Raise Unfit."""
    command = [sys.executable, "-m", "tasks.media.apart", str(source), str(folder)]
    # One thread: each that an array library starts would count as memory taken.
    environment = {"OPENBLAS_NUM_THREADS": "1"}
    try:
        done = subprocess.run(  # noqa: S603 - our own program, no shell
            command, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, capture_output=True, timeout=PATIENCE,
            check=True,
        )  # fmt: skip
        said: dict[str, Any] = json.loads(done.stdout)
    except (subprocess.SubprocessError, ValueError) as error:
        raise Unfit(problem="broken") from error
    if "problem" in said:
        raise Unfit(said["problem"], **said["facts"])
    return said


def main(source: Path, folder: Path) -> dict[str, Any]:
    """Write a file again, here and now; return what it is, or the problem with it."""
    # The site itself decodes nothing, and need not load what does.
    from tasks.media import archives, clouds, images, sniffing, sounds, videos  # noqa: PLC0415

    writers = {
        "image": images.write, "sound": sounds.write, "cloud": clouds.write, "video": videos.write,
        "archive": archives.write,
    }  # fmt: skip
    try:
        return writers[sniffing.kind_of(source)](source, folder)
    except KeyError:
        return {"problem": "unknown", "facts": {}}
    except Unfit as unfit:
        return {"problem": unfit.problem, "facts": unfit.facts}
    except MemoryError:
        return {"problem": "broken", "facts": {}}


def _take_little() -> None:
    for what, most in (
        (resource.RLIMIT_AS, MEMORY_BYTES), (resource.RLIMIT_CPU, CPU_SECONDS), (resource.RLIMIT_NOFILE, OPEN_FILES),
        (resource.RLIMIT_FSIZE, UNPACKED_BYTES), (resource.RLIMIT_CORE, 0),
    ):  # fmt: skip
        resource.setrlimit(what, (most, most))
    _go_first()


def _go_first() -> None:
    """Where memory runs out let this process be ended before any other, and with the one that asked; on Linux."""
    with suppress(OSError, AttributeError):
        Path("/proc/self/oom_score_adj").write_text("1000", encoding="ascii")
        ctypes.CDLL(None).prctl(ENDS_WITH_PARENT, signal.SIGKILL)


def _take_less_for_a_video(source: Path) -> None:
    from tasks.media import sniffing  # noqa: PLC0415 - within bounds already

    if sniffing.kind_of(source) == "video":
        resource.setrlimit(resource.RLIMIT_AS, (VIDEO_MEMORY_BYTES, VIDEO_MEMORY_BYTES))


if __name__ == "__main__":
    _take_little()
    _take_less_for_a_video(Path(sys.argv[1]))
    print(json.dumps(main(Path(sys.argv[1]), Path(sys.argv[2]))))  # noqa: T201 - it speaks to the process that asked
