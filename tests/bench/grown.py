"""Whether posting stays as fast when the books are long: beside ten million transfers that stand, and beside few.

The ten million are loaded into a copy of the database, by the superuser past the guards, a million at a time into bare
tables whose indexes are built afterwards; the balances are what they add up to, which is asked before anything is
measured. Then the site's role posts with all guards on, here and there by turns, one at a time and in batches, so that
what else the machine does meets both alike.
"""

from statistics import median

import psycopg

from coop.database import roles
from tests.bench.ledger import Books, rate
from tests.bench.place import Place
from tests.bench.votes import as_superuser

GROWN, CHUNK = 10_000_000, 1_000_000
LONG = "grown"
TURNS, SECONDS = 5, 6

# Rebuilt as they stood. The keys went in as random as they come: an index that grew with them is two thirds full.
INDEXES = """
SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index
WHERE indrelid = 'payments_transfer'::regclass AND NOT indisunique
"""
BARE = """
ALTER TABLE payments_transfer DISABLE TRIGGER ALL;
ALTER TABLE payments_transfer DROP CONSTRAINT keys_stand_for_one_posting;
"""
HISTORY = """
INSERT INTO payments_transfer
    (key, journal, kind, debit_id, credit_id, amount, ref, occurred_at, posted_at)
    SELECT gen_random_uuid(), gen_random_uuid(), 2, t.debit_id, t.credit_id, 1, t.ref, moment, moment
    FROM (SELECT now() - (%(rounds)s - n) * interval '1 minute' AS moment FROM generate_series({first}, {last}) n) round
    CROSS JOIN (SELECT DISTINCT debit_id, credit_id, ref FROM payments_transfer
        WHERE kind = 2 AND amount > 1 ORDER BY credit_id DESC LIMIT %(pairs)s) t;
"""
WHOLE = """
UPDATE payments_account a SET balance = balance + moved.amount FROM (
    SELECT side.id, sum(side.amount) AS amount FROM (
        SELECT debit_id AS id, -sum(amount) AS amount FROM payments_transfer WHERE amount = 1 GROUP BY debit_id
        UNION ALL SELECT credit_id, sum(amount) FROM payments_transfer WHERE amount = 1 GROUP BY credit_id
    ) side GROUP BY side.id
) moved WHERE a.id = moved.id;
ALTER TABLE payments_transfer ADD CONSTRAINT keys_stand_for_one_posting UNIQUE (ref, kind, key) WITH (fillfactor = 70);
ALTER TABLE payments_transfer ENABLE TRIGGER ALL;
ANALYZE payments_transfer;
"""
WRONG = """
SELECT count(*) FROM payments_account a LEFT JOIN (
    SELECT id, sum(amount) AS amount FROM (
        SELECT debit_id AS id, -sum(amount) AS amount FROM payments_transfer GROUP BY debit_id
        UNION ALL SELECT credit_id, sum(amount) FROM payments_transfer GROUP BY credit_id
    ) side GROUP BY id
) moved USING (id) WHERE a.tracked AND a.balance <> coalesce(moved.amount, 0)
"""


def measure(here: Place) -> list[tuple[str, str]]:
    """Return the rates beside short and beside long books, and by how much the long ones are slower or faster."""
    books = Books.found(here)
    load(here, len(books.ones))
    told = []
    for name, size, scripts in (("one transfer", 1, books.ones), ("a batch", books.size, [books.many])):
        short, long = _by_turns(here, scripts)
        differs = 100 * (median(after / before for before, after in zip(short, long, strict=True)) - 1)
        rates = f"{size * median(long):,.0f}/s, {size * median(short):,.0f}/s beside few, {differs:+.0f} %"
        told.append((f"{name}, beside {GROWN:,} that stand (aim +-10 %)", rates))
    return told


def load(here: Place, pairs: int) -> None:
    """Copy the database and let ten million transfers stand in the copy; the balances must be what they add up to."""
    roles.create_database(here.cluster, LONG, template=roles.DATABASE)
    with psycopg.connect(here.cluster.url("postgres", LONG), autocommit=True) as superuser:
        indexes = superuser.execute(INDEXES).fetchall()
    rounds, each = GROWN // pairs, CHUNK // pairs
    parts = [HISTORY.format(first=first + 1, last=first + each) for first in range(0, rounds, each)]
    bare = "".join(f"DROP INDEX {name};" for name, _made in indexes)
    made = "".join(f"{statement};" for _name, statement in indexes)
    as_superuser(here, BARE + bare + "".join(parts) + made + WHOLE, database=LONG, pairs=pairs, rounds=rounds)
    with psycopg.connect(here.cluster.url("postgres", LONG), autocommit=True) as superuser:
        superuser.execute("VACUUM ANALYZE payments_transfer")
        if superuser.execute(WRONG).fetchone() != (0,):
            message = "The balances are not what the transfers add up to."
            raise SystemExit(message)


def _by_turns(here: Place, scripts: list[str]) -> tuple[list[float], list[float]]:
    """Return the rates beside few and beside many, turn by turn."""
    turns = [
        [rate(here, scripts, database=name, seconds=SECONDS) for name in (roles.DATABASE, LONG)] for _ in range(TURNS)
    ]
    return [few for few, _many in turns], [many for _few, many in turns]
