"""Background jobs for tests: one slow enough to be killed in the middle, one that kills its worker each time."""

import os
import signal
import time
from pathlib import Path

from procrastinate.contrib.django import app


@app.task(name="tests.unhurried")
def unhurried(path: str) -> None:
    """Write that it began and that it is done; the first time it takes long in between."""
    notes = Path(path)
    first = not notes.exists()
    with notes.open("a") as out:
        out.write(f"began {os.getpid()}\n")
        out.flush()
        if first:
            time.sleep(60)
        out.write("done\n")


@app.task(name="tests.deadly")
def deadly(path: str) -> None:
    """Write that it began, and end the program that runs it, as a lack of memory does."""
    with Path(path).open("a") as out:
        out.write("began\n")
    os.kill(os.getpid(), signal.SIGKILL)
