"""Seeing whether a job is due costs what came since the last look, however many answers it has."""
# ruff: noqa: F401, F811 - fixtures

from collections.abc import Callable
from datetime import datetime
from typing import Any

import psycopg
import pytest
from django.db import connection

from coop import clock
from coop.people.models import Client, Person
from tasks.models import Estimate, Job
from tasks.quality import estimates
from tests.tasks import orders
from tests.tasks.quality.test_estimates import compared, job
from tests.tasks.test_exports import answer

type Later = Callable[..., datetime]
ROWS_READ = "SELECT sum(seq_tup_read + coalesce(idx_tup_fetch, 0)) FROM pg_stat_xact_user_tables"
# A row as another with other facts, so many times, in a table of the superuser's own that looks like ours.
AS_ANOTHER = """
INSERT INTO pg_temp.{table} SELECT made.* FROM generate_series(1, %(times)s) n, LATERAL jsonb_populate_record(
    NULL::{table}, %(row)s::jsonb || jsonb_build_object({facts})) made
"""
FIRST, NEW = 1_000_000, 5


def row_of(table: str, job: Job) -> str:
    """Return one row of a table about the job as JSON."""
    wanted = {"tasks_job": "t.id = %s", "tasks_estimate": "t.job_id = %s", "tasks_assignment": "t.job_id = %s"}
    about = wanted.get(table, "t.assignment_id IN (SELECT id FROM tasks_assignment WHERE job_id = %s)")
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT row_to_json(t)::text FROM {table} t WHERE {about} LIMIT 1", [job.pk])
        (row,) = cursor.fetchone()
    return str(row)


def grown(superuser: psycopg.Connection, rows: dict[str, str], first: int, size: int) -> None:
    """Write down a job of so many answers, all counted but the last five."""
    number = f"{first} + n"
    job = f"'id', {first}, 'opened_at', now()"
    given = f"'id', {number}, 'task_id', {number}, 'job_id', {first}"
    said = f"'id', {number}, 'assignment_id', {number}, 'key', gen_random_uuid()"
    counted = f"'job_id', {first}, 'answers', {size - NEW}, 'counted', {size - NEW}, 'counted_to', {first + size - NEW}"
    for table, facts, times in (
        ("tasks_job", job, 1), ("tasks_estimate", counted, 1), ("tasks_assignment", given, size),
        ("tasks_answer", said, size),
    ):  # fmt: skip
        superuser.execute(AS_ANOTHER.format(table=table, facts=facts), {"row": rows[table], "times": times})
        superuser.execute(f"ANALYZE pg_temp.{table}")


def looked(superuser: psycopg.Connection, first: int) -> tuple[int, dict[str, int]]:
    """Look once as the worker does; return how many rows that read, and what is known of the job then."""
    (before,) = superuser.execute(ROWS_READ).fetchone() or (0,)
    facts: dict[str, Any] = {"at": clock.now()}
    (counted,) = superuser.execute(estimates.COUNTED, facts).fetchone() or (0,)
    (last,) = superuser.execute("SELECT max(id) FROM tasks_answer").fetchone() or (0,)
    superuser.execute(estimates.COUNT, facts | {"counted": counted, "last": last})
    superuser.execute(estimates.DUE, [estimates.GROWTH])
    (after,) = superuser.execute(ROWS_READ).fetchone() or (0,)
    known = superuser.execute("SELECT counted, counted_to FROM tasks_estimate WHERE job_id = %s", [first]).fetchone()
    return after - before, dict(zip(("counted", "counted_to"), known or (), strict=True))


def test_a_look_reads_what_came_since_the_last_however_large_the_job(
    job: Job,
    superuser: psycopg.Connection,
) -> None:
    compared(job)
    tables = ("tasks_job", "tasks_estimate", "tasks_assignment", "tasks_answer")
    rows = {table: row_of(table, job) for table in tables}
    for table in tables:
        superuser.execute(f"CREATE TEMPORARY TABLE {table} (LIKE public.{table} INCLUDING INDEXES)")
    read = []
    for first, size in ((FIRST, 2_000), (2 * FIRST, 8_000)):
        with superuser.transaction(force_rollback=True):
            grown(superuser, rows, first, size)
            found, known = looked(superuser, first)
            assert known == {"counted": size, "counted_to": first + size}
            again, _known = looked(superuser, first)
            read.append((found, again))
    assert read[0] == read[1]
    assert read[0][0] < 100
    assert read[0][1] < read[0][0]


def test_what_came_to_a_large_job_is_counted_once(
    job: Job,
    amina: Person,
    luis: Person,
    priya: Person,
) -> None:
    found = compared(job)
    assert (found.counted, found.counted_to > 0) == (7, True)
    Estimate.objects.filter(job=job).update(answers=1000, counted=1098)
    answer(job, (luis, "Same"))
    for _look in range(2):
        assert estimates.estimate_due(at=clock.now()) == 0
        assert Estimate.objects.get(job=job).counted == 1099
    answer(job, (priya, "Same"))
    assert estimates.estimate_due(at=clock.now()) == 1
    assert Estimate.objects.get(job=job).counted == 9


def test_a_small_job_is_counted_no_further_than_it_takes(
    orbit: Client, olga: Person, amina: Person, luis: Person, priya: Person
) -> None:
    many = orders.opened(orbit, olga, tasks=8)
    for _task in range(8):
        answer(many, (amina, "Same"), (luis, "Same"), (priya, "Same"))
    compared(many)
    Estimate.objects.filter(job=many).update(answers=2)
    with connection.cursor() as cursor:
        cursor.execute("EXPLAIN (ANALYZE, FORMAT JSON) " + estimates.DUE, [estimates.GROWTH])
        (plan,) = cursor.fetchone()
    inside = [plan[0]["Plan"]]
    for node in inside:
        inside.extend(node.get("Plans", []))
    limits = [node["Actual Rows"] for node in inside if node["Node Type"] == "Limit"]
    assert limits == [6]


def test_a_closed_job_is_counted_for_sixty_days(job: Job, later: Later) -> None:
    compared(job)
    Estimate.objects.filter(job=job).update(answers=1000, counted=1000, counted_to=0)
    Job.objects.filter(pk=job.pk).update(closed_at=clock.now())
    with connection.cursor() as cursor:
        for days, is_looked_at in ((59, True), (61, False)):
            cursor.execute(estimates.COUNTED, {"at": later(days=days)})
            assert (cursor.fetchone()[0] is not None) == is_looked_at


@pytest.mark.parametrize("tasks", [3, 300])
def test_each_task_is_weighed_by_itself(tasks: int) -> None:
    """Who said what stands in memory of one task at a time."""
    from tasks.quality import inference  # noqa: PLC0415 - loads much

    given = inference.gathered((task, who, "ab"[who % 2]) for who in range(3) for task in range(tasks))
    first = next(iter(given.by_task()))
    assert first == (0, {0: "a", 1: "b", 2: "a"})
    assert [task for task, _said in given.by_task()] == [*range(tasks)]
    assert {str(kind) for kind in given.table.dtypes} == {"int64"}
