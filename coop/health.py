"""Whether all is well: what a load balancer, a monitor or an administrator asks."""

from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor

WEB = "workhall_web"
# The worker writes its heartbeat every ten seconds.
WORKER = "SELECT extract(epoch FROM clock_timestamp() - max(last_heartbeat))::int FROM procrastinate_workers"
SILENT_AFTER = 120
GIVEN_UP = """
SELECT count(*) FROM procrastinate_jobs j WHERE j.status = 'failed' AND EXISTS (
    SELECT FROM procrastinate_events e WHERE e.job_id = j.id AND e.at > clock_timestamp() - interval '1 day')
"""
_complete: list[bool] = []


def check() -> dict[str, object]:
    """Return each finding and `ok`, which is true when the site can serve; without the worker it still can."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_user")
            (role,) = cursor.fetchone()
            cursor.execute(WORKER)
            (silence,) = cursor.fetchone()
            cursor.execute(GIVEN_UP)
            (given_up,) = cursor.fetchone()
        pending = _pending()
    except DatabaseError:
        return {"ok": False, "database": "does not answer"}
    return {
        "ok": role == WEB and not pending,
        "database": "answers",
        "role": role,
        "migrations_pending": pending,
        "worker": "running" if silence is not None and silence < SILENT_AFTER else "not seen",
        "worker_seen_seconds_ago": silence,
        "jobs_given_up_in_a_day": given_up,
    }


def _pending() -> int:
    """Return how many migrations wait to be applied; once none do, none will in this process."""
    if not _complete:
        executor = MigrationExecutor(connection)
        if pending := len(executor.migration_plan(executor.loader.graph.leaf_nodes())):
            return pending
        _complete.append(True)
    return 0
