"""Transfers a second against PostgreSQL's own TPC-B on the same server in the same run, singly and in batches."""

import subprocess
import tempfile
from pathlib import Path

from coop.database import roles
from tests.bench import crowd, place
from tests.bench.place import CONCURRENCY, Place
from tests.bench.postings import BATCH, PAIRS

SECONDS = 15
SINGLE = """
\\set n random(1, {last})
INSERT INTO payments_transfer (key, journal, kind, debit_id, credit_id, amount, ref, occurred_at)
SELECT it, it, 2, (ARRAY[{payers}])[:n], (ARRAY[{jobs}])[:n], 10000,
    'job:' || (ARRAY[{refs}])[:n], coop_now()
FROM (SELECT gen_random_uuid()) one (it);
"""
MANY = """
\\set n random(0, {last})
INSERT INTO payments_transfer (key, journal, kind, debit_id, credit_id, amount, ref, occurred_at)
SELECT gen_random_uuid(), gen_random_uuid(), 2, (ARRAY[{payers}])[1 + (:n + i) % {pairs}],
    (ARRAY[{jobs}])[1 + (:n + i) % {pairs}], 10000,
    'job:' || (ARRAY[{refs}])[1 + (:n + i) % {pairs}], coop_now() FROM generate_series(1, {batch}) i;
"""


def measure(here: Place) -> list[tuple[str, str]]:
    """Return transfers a second, as many times TPC-B: in SQL, and from Django through the act that all postings use."""
    numbers = here.run("-m", "tests.bench.postings", "found").split()
    groups = {name: ",".join(numbers[first::3]) for first, name in enumerate(("payers", "jobs", "refs"))}
    reference = place.tpc_b(here, seconds=SECONDS)
    found = [
        ("one transfer in SQL, spread accounts (aim 1.2)", _sql(here, SINGLE, groups, PAIRS)),
        ("one transfer in SQL, one hot account (aim 0.7)", _sql(here, SINGLE, groups, 1)),
        (f"{BATCH:,} transfers in a batch in SQL (aim 8)", BATCH * _sql(here, MANY, groups, PAIRS)),
        ("one transfer from Django, spread accounts", _django(here, "spread", 300)),
        (f"{BATCH:,} transfers in a batch from Django (aim 5)", BATCH * _django(here, "batch", 6)),
    ]
    told = [("TPC-B, the reference", f"{reference:,.0f}/s")]
    return told + [(name, f"{rate:,.0f}/s, {rate / reference:.2f} times") for name, rate in found]


def _sql(here: Place, script: str, groups: dict[str, str], last: int) -> float:
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as file:
        file.write(script.format(last=last, pairs=PAIRS, batch=BATCH, **groups))
        file.flush()
        command = [str(here.cluster.bin / "pgbench"), "-n", "-f", file.name, "-c", str(CONCURRENCY), "-j", "2"]
        url = here.cluster.url(roles.WEB, roles.DATABASE)
        done = subprocess.run(  # noqa: S603 - PostgreSQL's own
            [*command, "-T", str(SECONDS), url], check=True, capture_output=True, text=True, cwd=Path(file.name).parent
        )
    line = next(line for line in done.stdout.splitlines() if line.startswith("tps"))
    return float(line.split()[2])


def _django(here: Place, what: str, count: int) -> float:
    return crowd.work(here, "tests.bench.postings", what, count=count).rate
