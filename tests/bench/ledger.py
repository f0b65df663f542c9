"""Transfers a second against PostgreSQL's own TPC-B on the same server in the same run, singly and in batches."""

import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Self

from coop.database import roles
from tests.bench import crowd, place
from tests.bench.place import CONCURRENCY, Place
from tests.bench.postings import BATCH, PAIRS

SECONDS = 15
# Other programs of the machine take more and less of it: short runs by turns, and the median of what they come to.
TURNS, SHORT = 5, 6
# A posting comes with its keys. Drawn in the database, each would open and read the system's source of chance.
FACT = "\\set fact random(1, 9000000000000000000)\n"
ONE = """
INSERT INTO payments_transfer (key, journal, kind, debit_id, credit_id, amount, ref, occurred_at)
VALUES (md5('key' || :fact)::uuid, md5('journal' || :fact)::uuid, 2, {payer}, {job}, 10000, 'job:{ref}', now());
"""
# As `ledger.post_early`, by which answers are accepted in batches: the locks go once it is committed, and whoever asked
# is answered once it is on disk. Single acts are posted as in the row before.
EARLY = r"""
BEGIN\; SET LOCAL synchronous_commit = off\; {one}\; COMMIT\; SELECT pg_logical_emit_message(false, '', '', true);
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
    reference, singly = _by_turns(here, {
        "one transfer in SQL, spread accounts (aim 1.2)": books.ones,
        "one transfer in SQL, one hot account": books.ones[:1],
        "the same as batches of acceptances post, locks gone before the disk has it (aim 0.7)": [early(books.ones[0])],
    })  # fmt: skip
    found = [
        *singly.items(),
        (f"{BATCH:,} transfers in a batch in SQL (aim 8)", BATCH * rate(here, [books.many])),
        ("one transfer from Django, spread accounts", _django(here, "spread", 300)),
        (f"{BATCH:,} transfers in a batch from Django (aim 5)", BATCH * _django(here, "batch", 6)),
    ]
    told = [("TPC-B, the reference", f"{reference:,.0f}/s")]
    return told + [(name, f"{each:,.0f}/s, {each / reference:.2f} times") for name, each in found]


def _by_turns(here: Place, scripts: dict[str, list[str]]) -> tuple[float, dict[str, float]]:
    """Return the median of TPC-B, and each script's rate at it: the median of its ratios to the TPC-B of its turn."""
    references: list[float] = []
    ratios: dict[str, list[float]] = {name: [] for name in scripts}
    for turn in range(TURNS):
        references.append(place.tpc_b(here, seconds=SHORT, fresh=turn == 0))
        for name, files in scripts.items():
            ratios[name].append(rate(here, files, seconds=SHORT) / references[-1])
    reference = median(references)
    return reference, {name: reference * median(each) for name, each in ratios.items()}


def early(one: str) -> str:
    """Return the script of a posting that lets its locks go early."""
    return EARLY.format(one=one.strip().rstrip(";"))


def rate(here: Place, scripts: list[str], *, database: str = roles.DATABASE, seconds: int = SECONDS) -> float:
    """Return the transactions a second of pgbench as the web role, each one of these scripts taken by chance."""
    with tempfile.TemporaryDirectory(prefix="workhall-bench-") as folder:
        files: list[str] = []
        for number, script in enumerate(scripts):
            file = Path(folder) / f"{number}.sql"
            file.write_text(FACT + script)
            files += ["-f", str(file)]
        command = [str(here.cluster.bin / "pgbench"), "-n", *files, "-c", str(CONCURRENCY), "-j", "2"]
        url = here.cluster.url(roles.WEB, database)
        done = subprocess.run(  # noqa: S603 - PostgreSQL's own
            [*command, "-T", str(seconds), url], check=True, capture_output=True, text=True, cwd=folder
        )
    line = next(line for line in done.stdout.splitlines() if line.startswith("tps"))
    return float(line.split()[2])


def _django(here: Place, what: str, count: int) -> float:
    return crowd.work(here, "tests.bench.postings", what, count=count).rate
