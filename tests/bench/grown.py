"""Whether posting stays as fast when the books are long: before, and beside ten million transfers that stand.

The superuser copies the ten million past the guards, in a database for measuring; what is measured is posted by the
site's role with all guards on, one at a time and in batches. TPC-B before each tells what the machine had left.
"""

from tests.bench import place
from tests.bench.ledger import Books, rate
from tests.bench.place import Place
from tests.bench.votes import as_superuser

GROWN = 10_000_000

# The keys go in as random as they come; an index that grew with them is two thirds full.
HISTORY = """
ALTER TABLE payments_transfer DISABLE TRIGGER ALL;
ALTER TABLE payments_account DISABLE TRIGGER ALL;
ALTER TABLE payments_transfer DROP CONSTRAINT payments_transfer_key_key;
INSERT INTO payments_transfer
    (key, journal, kind, debit_id, credit_id, amount, ref, occurred_at, posted_at)
    SELECT gen_random_uuid(), gen_random_uuid(), 2, t.debit_id, t.credit_id, 1, t.ref, moment, moment
    FROM (SELECT now() - n * interval '1 minute' AS moment FROM generate_series(%(grown)s / %(pairs)s, 1, -1) n) round
    CROSS JOIN (SELECT DISTINCT debit_id, credit_id, ref FROM payments_transfer
        WHERE kind = 2 ORDER BY credit_id DESC LIMIT %(pairs)s) t;
UPDATE payments_account a SET balance = balance + moved.amount FROM (
    SELECT side.id, sum(side.amount) AS amount FROM (
        SELECT debit_id AS id, -amount AS amount FROM payments_transfer WHERE amount = 1
        UNION ALL SELECT credit_id, amount FROM payments_transfer WHERE amount = 1) side GROUP BY side.id
) moved WHERE a.id = moved.id;
ALTER TABLE payments_transfer ADD CONSTRAINT payments_transfer_key_key UNIQUE (key) WITH (fillfactor = 70);
ALTER TABLE payments_transfer ENABLE TRIGGER ALL;
ALTER TABLE payments_account ENABLE TRIGGER ALL;
ANALYZE payments_transfer;
"""


def measure(here: Place) -> list[tuple[str, str]]:
    """Return the rates with short and with long books, as many times TPC-B each, and how they compare."""
    books = Books.found(here)
    short = _against_tpc_b(here, books)
    as_superuser(here, HISTORY, grown=GROWN, pairs=len(books.ones))
    long = _against_tpc_b(here, books)
    return [
        (f"{name}, beside {GROWN:,} that stand (aim +-10 %)", f"{after:.2f} times, {100 * (after / before - 1):+.0f} %")
        for name, before, after in zip(("one transfer", "a batch"), short, long, strict=True)
    ]


def _against_tpc_b(here: Place, books: Books) -> tuple[float, float]:
    """Return transfers as many times TPC-B, singly and in batches."""
    reference = place.tpc_b(here)
    return rate(here, books.ones) / reference, books.size * rate(here, [books.many]) / reference
