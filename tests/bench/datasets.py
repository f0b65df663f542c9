"""Loading 100,000 tasks, and handing them out again at constant memory."""

import re

from tests.bench.place import Place

TASKS = 100_000


def measure(here: Place) -> list[tuple[str, str]]:
    """Return the seconds of loading and of handing out, and by how much memory grew from a tenth to the whole."""
    job, loading = here.run("-m", "tests.bench.prepare", str(TASKS)).split()
    tenth, _ = here.run("-m", "tests.bench.prepare", str(TASKS // 10)).split()
    whole = _export(here, job)
    part = _export(here, tenth)
    return [
        (f"load {TASKS:,} tasks (JSONL, checked, COPY)", f"{loading} s"),
        (f"hand out {TASKS:,} tasks with results (JSONL)", f"{whole[0]:.1f} s"),
        ("  peak memory against a tenth of them", f"+{(whole[1] - part[1]) / 1024:.0f} MB"),
    ]


def _export(here: Place, job: str) -> tuple[float, int]:
    """Return seconds and peak kilobytes of an export in a process of its own."""
    said = here.run("-m", "tests.bench.export", job)
    seconds, peak = re.findall(r"[\d.]+", said)[:2]
    return float(seconds), int(peak)
