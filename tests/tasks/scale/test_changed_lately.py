"""What changed lately is found from what changed, however many orders there are."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import psycopg
from django.http import QueryDict

from coop import clock
from coop.people.models import Client
from tasks.scale import finding

MANY, EVERY = 40_000, timedelta(seconds=30)
TABLES = ("tasks_task", "tasks_order", "tasks_assignment", "tasks_review")
# Without the guards: each was asked when a real one was written, and only how they are found is measured here.
TASKS = """INSERT INTO tasks_task (job_id, position, external_id, data, open_slots)
    SELECT %(job)s, 900000 + n, 'n' || n, '{}', 0 FROM generate_series(1, %(many)s) n"""
ORDERS = """INSERT INTO tasks_order (key, client_id, test, kind, params, instruction, callback_url, role, created_at,
    updated_at, metadata, tags, audit, audit_words, error, task_id)
    SELECT gen_random_uuid(), %(client)s, false, 'categorization', '{}', '', '', '', moment, moment, '{}', '[]',
        'pending', '', '', id
    FROM (SELECT t.*, %(now)s - (900000 + %(many)s - t.position) * %(every)s::interval AS moment FROM tasks_task t) t
    WHERE job_id = %(job)s AND position > 900000 ORDER BY position"""
ANSWERS = """INSERT INTO tasks_assignment (task_id, job_id, person_id, slot, rate_id, fee_version_id, card_id, pay, fee,
    state, claimed_at, expires_at, submitted_at, decided_at)
    SELECT o.task_id, %(job)s, %(person)s, 1, r.id, f.id, 'none', 90000, 9000, 'accepted', o.updated_at,
        o.updated_at + interval '1 hour', o.updated_at + interval '5 minutes', o.updated_at + interval '6 minutes'
    FROM tasks_order o, (SELECT min(id) AS id FROM payments_rate) r, (SELECT min(id) AS id FROM payments_fee) f
    WHERE o.client_id = %(client)s ORDER BY o.id"""
LOOKS = """INSERT INTO tasks_review (assignment_id, decision, ground, reason, place, at)
    SELECT id, 'accept', 'agreement', '', '', decided_at FROM tasks_assignment WHERE job_id = %(job)s ORDER BY id"""


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for one in plan.get("Plans", []):
        yield from nodes(one)


def read(node: dict[str, Any]) -> float:
    """Return how many rows a node looked at."""
    passed = sum(node.get(f"Rows Removed by {why}", 0) for why in ("Filter", "Index Recheck"))
    return float((node["Actual Rows"] + passed) * node["Actual Loops"])


def test_few_are_read_of_many_orders(superuser: psycopg.Connection, orbit: Client) -> None:
    now = clock.now()
    asked = QueryDict(f"updated_after={(now - timedelta(minutes=10)).isoformat().replace('+', '%2B')}")
    found = finding.of(orbit, test=False).filter(finding.wanted(asked, client=orbit)).order_by("-pk").values("pk")[:101]
    sql, params = found.query.sql_with_params()
    with superuser.transaction(force_rollback=True):
        (job,), (person,) = (
            superuser.execute(f"SELECT min(id) FROM {table}").fetchone() or ()
            for table in ("tasks_job", "people_person")
        )
        facts = {"job": job, "person": person, "client": orbit.pk, "many": MANY, "now": now, "every": EVERY}
        for table in TABLES:
            superuser.execute(f"ALTER TABLE {table} DISABLE TRIGGER ALL".encode())
        for statement in (TASKS, ORDERS, ANSWERS, LOOKS):
            superuser.execute(statement.encode(), facts)
        for index in ("orders_changed_lately", "answers_lately", "reviews_made_lately"):
            superuser.execute("SELECT brin_summarize_new_values(%s::regclass)", [index])
        superuser.execute(f"ANALYZE {', '.join(TABLES)}".encode())
        said = superuser.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {sql}".encode(), params).fetchone()
    assert said
    plan = said[0][0]["Plan"]
    # In ten minutes 20 orders came, and as many were answered and decided in the five before them.
    assert 20 <= plan["Actual Rows"] <= 40
    looked = {one.get("Relation Name"): read(one) for one in nodes(plan) if one.get("Relation Name") in TABLES}
    assert max(looked.values()) < MANY / 3, looked
