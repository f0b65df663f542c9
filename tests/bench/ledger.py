"""Transfers a second against PostgreSQL's own TPC-B on the same server in the same run, singly and in batches."""

import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from coop.database import roles
from tests.bench import crowd, place
from tests.bench.place import CONCURRENCY, Place
from tests.bench.postings import BATCH, PAIRS

SECONDS = 15
ONE = """
INSERT INTO payments_transfer (key, journal, kind, debit_id, credit_id, amount, ref, occurred_at)
SELECT it, it, 2, {payer}, {job}, 10000, 'job:{ref}', now() FROM gen_random_uuid() it;
"""
# A thousand over all pairs, from a place among them that differs each time.
MANY = """
\\set n random(0, {pairs})
INSERT INTO payments_transfer (key, journal, kind, debit_id, credit_id, amount, ref, occurred_at)
SELECT gen_random_uuid(), gen_random_uuid(), 2, payer, job, 10000, 'job:' || ref, now()
FROM generate_series(0, {batch} / {pairs} + 1) round, unnest(
    ARRAY[{payers}], ARRAY[{jobs}], ARRAY[{refs}]
) pair (payer, job, ref) OFFSET :n LIMIT {batch};
"""


@dataclass(frozen=True, slots=True)
class Books:
    """What pgbench posts: one transfer for each pair of accounts, or `size` over all of them."""

    ones: list[str]
    many: str
    size: int = BATCH

    @classmethod
    def found(cls, here: Place) -> Self:
        """Let clients pay in for jobs of their own."""
        numbers = here.run("-m", "tests.bench.postings", "found").split()
        payers, jobs, refs = (numbers[first::3] for first in range(3))
        pairs = zip(payers, jobs, refs, strict=True)
        together = {name: ",".join(those) for name, those in (("payers", payers), ("jobs", jobs), ("refs", refs))}
        return cls(
            [ONE.format(payer=payer, job=job, ref=ref) for payer, job, ref in pairs],
            MANY.format(pairs=PAIRS, batch=BATCH, **together),
        )


def measure(here: Place) -> list[tuple[str, str]]:
    """Return transfers a second, as many times TPC-B: in SQL, and from Django through the act that all postings use."""
    books = Books.found(here)
    reference = place.tpc_b(here, seconds=SECONDS)
    found = [
        ("one transfer in SQL, spread accounts (aim 1.2)", rate(here, books.ones)),
        ("one transfer in SQL, one hot account (aim 0.7)", rate(here, books.ones[:1])),
        (f"{BATCH:,} transfers in a batch in SQL (aim 8)", BATCH * rate(here, [books.many])),
        ("one transfer from Django, spread accounts", _django(here, "spread", 300)),
        (f"{BATCH:,} transfers in a batch from Django (aim 5)", BATCH * _django(here, "batch", 6)),
    ]
    told = [("TPC-B, the reference", f"{reference:,.0f}/s")]
    return told + [(name, f"{each:,.0f}/s, {each / reference:.2f} times") for name, each in found]


def rate(here: Place, scripts: list[str]) -> float:
    """Return the transactions a second of pgbench as the web role, each one of these scripts taken by chance."""
    with tempfile.TemporaryDirectory(prefix="workhall-bench-") as folder:
        files: list[str] = []
        for number, script in enumerate(scripts):
            file = Path(folder) / f"{number}.sql"
            file.write_text(script)
            files += ["-f", str(file)]
        command = [str(here.cluster.bin / "pgbench"), "-n", *files, "-c", str(CONCURRENCY), "-j", "2"]
        url = here.cluster.url(roles.WEB, roles.DATABASE)
        done = subprocess.run(  # noqa: S603 - PostgreSQL's own
            [*command, "-T", str(SECONDS), url], check=True, capture_output=True, text=True, cwd=folder
        )
    line = next(line for line in done.stdout.splitlines() if line.startswith("tps"))
    return float(line.split()[2])


def _django(here: Place, what: str, count: int) -> float:
    return crowd.work(here, "tests.bench.postings", what, count=count).rate
