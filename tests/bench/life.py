"""The full life of a task (claim, hand in, accept, pay) against TPC-B and against an empty page."""

from tests.bench import crowd, place, web
from tests.bench.place import CONCURRENCY, Place

LIVES = 150


def measure(here: Place) -> list[tuple[str, str]]:
    """Return rates a second at the same concurrency, and the two fractions."""
    reference = place.tpc_b(here)
    job, _ = here.run("-m", "tests.bench.prepare", str(4 * CONCURRENCY * LIVES)).split()
    acts = crowd.work(here, "tests.bench.acts", job, count=LIVES)
    again = place.tpc_b(here)
    tpc_b = (reference + again) / 2
    return [
        (f"pgbench TPC-B, {CONCURRENCY} clients (before, after)", f"{reference:,.0f}/s, {again:,.0f}/s"),
        ("full life of a task over the acts", f"{acts.rate:,.1f}/s"),
        ("  fraction of TPC-B (aim: 1/8 = 0.125)", f"{acts.rate / tpc_b:.3f}"),
        *web.measure(here, job),
    ]
