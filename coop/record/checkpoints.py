"""Writing down, every few minutes, that the record moves; where it did not, votes get their time back (P11)."""

import logging

from django.db import IntegrityError, connection, transaction

log = logging.getLogger(__name__)

# The database refuses it while somebody holds up what others write, and fills in the rest.
WRITE = """
INSERT INTO record_checkpoint (size)
SELECT 0 WHERE NOT EXISTS (
    SELECT FROM record_checkpoint latest WHERE latest.machine_at > clock_timestamp() - interval '5 minutes'
)
"""


def write() -> bool:
    """Write that the record moves, at most every five minutes; return whether that was written now."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(WRITE)
            return bool(cursor.rowcount)
    except IntegrityError as refused:
        log.warning("the record stands still: %s", refused)
        return False
