"""Replaying a cut over a million units of the last 28 days (aim: 10 s on two cores)."""

import json
import time

import psycopg

from coop.database import roles
from tests.bench.place import Place

UNITS = 1_000_000

# Through the acts this would take hours: the superuser writes them past the guards, in a database for measuring.
WORKED = """
ALTER TABLE tasks_assignment DISABLE TRIGGER ALL;
ALTER TABLE tasks_answer DISABLE TRIGGER ALL;
WITH terms AS (
    SELECT j.id AS job_id, j.pay, r.id AS rate_id, (SELECT max(id) FROM payments_fee) AS fee_id
    FROM tasks_job j JOIN payments_rate r ON r.work_type_id = j.work_type_id WHERE j.id = %(job)s
), people AS (
    SELECT array_agg(id) AS ids, count(*) AS number FROM people_person
), taken AS (
    INSERT INTO tasks_assignment (task_id, job_id, person_id, slot, rate_id, fee_version_id, card_id, pay, fee, state,
        claimed_at, expires_at, submitted_at, accept_by, decided_at)
    SELECT 10000000 + n, job_id, ids[1 + n %% number], 1, rate_id, fee_id, '', pay, 0, 'accepted',
        now(), now() + interval '1 hour', now(), now() + interval '3 days', now() - n %% 27 * interval '1 day'
    FROM generate_series(1, %(units)s) n, terms, people RETURNING id
)
INSERT INTO tasks_answer (assignment_id, number, value, seconds, key, at)
SELECT id, 1, '{"labels": ["Same"]}', 20 + id %% 20, gen_random_uuid(), now() FROM taken;
ALTER TABLE tasks_assignment ENABLE TRIGGER ALL;
ALTER TABLE tasks_answer ENABLE TRIGGER ALL;
"""
ASK = "SELECT payments_impact('rate_change', %s)"


def measure(here: Place) -> list[tuple[str, str]]:
    """Return the seconds of the impact of a cut, asked by the site's own role; raise if it does not see every unit."""
    job, _loading = here.run("-m", "tests.bench.prepare", "1").split()
    with psycopg.connect(
        here.cluster.url("postgres", roles.DATABASE), cursor_factory=psycopg.ClientCursor, autocommit=True
    ) as superuser:
        superuser.execute(WORKED, {"job": int(job), "units": UNITS})
        superuser.execute("VACUUM ANALYZE tasks_assignment, tasks_answer")
    with psycopg.connect(here.cluster.url(roles.WEB, roles.DATABASE)) as web:
        row = web.execute("SELECT id FROM payments_worktype WHERE slug = 'product-match'").fetchone()
        change = {"work_type": row and row[0], "amount": "0.08", "estimated_seconds": 30}
        began = time.monotonic()
        found = web.execute(ASK, [json.dumps(change)]).fetchone()
    seconds = time.monotonic() - began
    if found is None or found[0]["units"] < UNITS or found[0]["rule"] != "N2":
        message = f"the replay did not see what was done: {found}"
        raise SystemExit(message)
    return [(f"replay a cut over {UNITS:,} units (aim: 10 s)", f"{seconds:.1f} s")]
