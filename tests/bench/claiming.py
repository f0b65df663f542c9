"""Does claiming cost the same with 1,000 and with 500,000 open tasks? And loading so many."""

from tests.bench import crowd
from tests.bench.place import Place

FEW, MANY = 1_000, 500_000


def measure(here: Place) -> list[tuple[str, str]]:
    """Return claim medians, one person working alone, and their ratio."""
    few, many = (_claim_ms(here, tasks) for tasks in (FEW, MANY))
    return [
        (f"claim with {FEW:,} open tasks, median", f"{few:.2f} ms"),
        (f"claim with {MANY:,} open tasks, median", f"{many:.2f} ms"),
        ("  ratio (aim: 0.8 to 1.2)", f"{many / few:.2f}"),
    ]


def _claim_ms(here: Place, tasks: int) -> float:
    job, _seconds = here.run("-m", "tests.bench.prepare", str(tasks)).split()
    return crowd.work(here, "tests.bench.acts", job, count=300, people=1).claim_ms
