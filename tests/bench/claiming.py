"""Does claiming cost the same with 1,000 and with 1,000,000 open tasks? And loading so many."""

from statistics import median

from tests.bench import crowd
from tests.bench.place import Place

FEW, MANY = 1_000, 1_000_000
# By turns, so that what else the machine does meets both alike.
TURNS, CLAIMS = 5, 60


def measure(here: Place) -> list[tuple[str, str]]:
    """Return claim medians, one person working alone, and their ratio."""
    jobs = [here.run("-m", "tests.bench.prepare", str(tasks)).split()[0] for tasks in (FEW, MANY)]
    turns = [[_claim_ms(here, job) for job in jobs] for _turn in range(TURNS)]
    few, many = (median(each) for each in zip(*turns, strict=True))
    return [
        (f"claim with {FEW:,} open tasks, median", f"{few:.2f} ms"),
        (f"claim with {MANY:,} open tasks, median", f"{many:.2f} ms"),
        ("  ratio (aim: 0.8 to 1.2)", f"{many / few:.2f}"),
    ]


def _claim_ms(here: Place, job: str) -> float:
    return crowd.work(here, "tests.bench.acts", job, count=CLAIMS, people=1).middle_ms
