"""What stands against what was answered: `python -m tests.crash.truth`, which reads that as JSON."""

import json
import sys
from collections.abc import Iterable
from typing import Any

import django

# Each gives back what was asked about and stands as it should, once.
ANSWERS = """
    SELECT key::text FROM tasks_answer WHERE key = ANY (%s::uuid[]) GROUP BY key HAVING count(*) = 1
"""
ACCEPTED = """
    SELECT a.id FROM tasks_assignment a WHERE a.id = ANY (%s) AND a.state = 'accepted'
    AND 1 = (SELECT count(*) FROM payments_transfer t WHERE t.ref = 'assignment:' || a.id AND t.kind = 5)
"""
PAYOUTS = """
    SELECT p.key::text FROM payments_payout p WHERE p.key = ANY (%s::uuid[])
    AND 1 = (SELECT count(*) FROM payments_transfer t WHERE t.ref = 'payout:' || p.id AND t.kind = 13)
"""
PAID = """
    SELECT p.id FROM payments_payout p WHERE p.id = ANY (%s) AND p.state = 'settled'
    AND 1 = (SELECT count(*) FROM payments_transfer t WHERE t.ref = 'payout:' || p.id AND t.kind = 14)
"""
UPLOADS = "SELECT id FROM tasks_upload WHERE id = ANY (%s) AND problem_count = 0"
STANDS = {"answers": ANSWERS, "accepted": ACCEPTED, "payouts": PAYOUTS, "paid": PAID, "uploads": UPLOADS}
LOADED = "SELECT id FROM tasks_upload WHERE id = ANY (%s) AND finished_at IS NOT NULL AND rows = %s"
DOUBLE = "SELECT job_id, external_id FROM tasks_task GROUP BY 1, 2 HAVING count(*) > 1"


def missing(sql: str, asked: Iterable[str | int], *more: int) -> list[str | int]:
    """Return what was asked about and does not stand."""
    from django.db import connection  # noqa: PLC0415 - after setup

    wanted = list(asked)
    with connection.cursor() as cursor:
        cursor.execute(sql, [wanted, *more])
        return sorted(set(wanted) - {row[0] for row in cursor.fetchall()}, key=str)


def main() -> None:
    """Print what is lost or does not add up, by name; `loaded` is asked only when nothing is left to be done."""
    django.setup()
    from coop.audit import ledger  # noqa: PLC0415 - after setup

    said = json.load(sys.stdin)
    found: dict[str, list[Any]] = {name: missing(sql, said[name]) for name, sql in STANDS.items()}
    found["books"] = list(ledger.walk(lambda _rows: None))
    if said["rows"]:
        found["loaded"] = missing(LOADED, said["uploads"], said["rows"])
    print(json.dumps({name: rows for name, rows in found.items() if rows}, default=str))  # noqa: T201 - read by who asked


if __name__ == "__main__":
    main()
