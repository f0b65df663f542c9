"""Writing down, every few minutes, that the record moves; where it did not, votes get their time back (P11)."""

import logging
from datetime import timedelta

from django.db import IntegrityError, connection, transaction

log = logging.getLogger(__name__)

# The database refuses it while somebody holds up what others write, and fills in the rest.
WRITE = """
INSERT INTO record_checkpoint (size)
SELECT 0 WHERE NOT EXISTS (
    SELECT FROM record_checkpoint latest WHERE latest.machine_at > clock_timestamp() - interval '5 minutes'
)
"""

# Whoever signs in as the site can lift the limits of a session; a session that holds something for long is ended.
END = """
SELECT count(pg_terminate_backend(holder.pid)) FROM pg_stat_activity holder
WHERE holder.usename = current_user AND holder.datname = current_database() AND holder.pid <> pg_backend_pid()
    AND holder.backend_xid IS NOT NULL AND holder.xact_start < clock_timestamp() - make_interval(secs => %s)
"""
LONG = timedelta(minutes=15)


def end_what_holds(longer_than: timedelta = LONG) -> int:
    """End the site's own sessions that have held what they locked for longer, and return how many (B16)."""
    with connection.cursor() as cursor:
        cursor.execute(END, [longer_than.total_seconds()])
        (ended,) = cursor.fetchone()
    if ended:
        log.warning("%s sessions held what others wait for, and were ended", ended)
    return int(ended)


def write() -> bool:
    """Write that the record moves, at most every five minutes; return whether that was written now."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(WRITE)
            return bool(cursor.rowcount)
    except IntegrityError as refused:
        log.warning("the record stands still: %s", refused)
        return False
