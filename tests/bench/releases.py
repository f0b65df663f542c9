"""A version of a million answers: seconds and peak memory of writing it, and of each of its files."""

from tests.bench import datasets
from tests.bench.place import Place

TASKS, EACH, FILES = 334_000, 3, 1_000_000
MOST_MB = 300


def measure(here: Place) -> list[tuple[str, str]]:
    """Return what it takes, each in a process of its own as the worker's, which has loaded the site besides."""
    job = here.run("-m", "tests.bench.prepare", str(TASKS)).split()[0]
    datasets.answer(here, job, each=EACH)
    answers = f"{TASKS * EACH:,} answers (aim: {MOST_MB} MB)"
    written = _measured(here, f"write a version of {answers}", job, "version", what="answers")
    names = here.run("-m", "tests.bench.release", job, "names").split()
    files = [_measured(here, f"  its file as {name}", job, name) for name in names]
    small = _measured(here, f"ZIP of {FILES:,} files, as VOC and KITTI (aim: {MOST_MB} MB)", "zip", str(FILES))
    return [written, *files, small]


def _measured(here: Place, name: str, *arguments: str, what: str = "bytes") -> tuple[str, str]:
    seconds, peak, made = here.run("-m", "tests.bench.release", *arguments).split()
    return name, f"{float(seconds):.0f} s, {int(peak) / 1024:.0f} MB, {int(made):,} {what}"
