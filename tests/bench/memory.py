"""The most memory that processes have held."""

from pathlib import Path

from tests.bench import processor


def peak(process: int | str = "self") -> int:
    """Return it in kilobytes, of its own since it began: ru_maxrss counts what its parent held besides."""
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))


def forget(programs: list[int]) -> None:
    """Let the peaks of programs and of all that they started begin anew (proc(5), clear_refs)."""
    for process in processor.family(*programs):
        Path(f"/proc/{process}/clear_refs").write_text("5")


def most(programs: list[int]) -> int:
    """Return the kilobytes that the largest of programs and of all that they started has held."""
    return max(peak(process) for process in processor.family(*programs))
