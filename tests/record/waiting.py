"""Waiting for the log: a transaction still open anywhere in the cluster, of another test too, holds sealing back."""

import time

from django.db import connection

from coop.record import log

OPEN = """
SELECT count(*) FROM record_event event LEFT JOIN record_leaf leaf ON leaf.event_id = event.id WHERE leaf.index IS NULL
"""
EARLIER = "SELECT max(transaction) < pg_snapshot_xmin(pg_current_snapshot())::text::bigint FROM record_event"


def until(question: str) -> None:
    """Wait until a query answers true; fail after two minutes, as the longest test of another process may last."""
    for _try in range(2_400):
        with connection.cursor() as cursor:
            cursor.execute(question)
            if cursor.fetchone()[0] is True:
                return
        time.sleep(0.05)
    message = f"still not so: {question}"
    raise AssertionError(message)


def settle() -> None:
    """Seal until every event has its place."""
    until(EARLIER)
    log.seal()
    with connection.cursor() as cursor:
        cursor.execute(OPEN)
        assert cursor.fetchone()[0] == 0
