"""Loading 100,000 tasks, and handing them out again with their answers at constant memory."""

import psycopg

from coop.database import roles
from tests.bench.place import Place

TASKS = 100_000

# Answers through the acts would take an hour: the superuser writes these past the guards, in a database for measuring.
ANSWERED = """
ALTER TABLE tasks_assignment DISABLE TRIGGER ALL;
ALTER TABLE tasks_answer DISABLE TRIGGER ALL;
WITH terms AS (SELECT a.rate_id, a.fee_version_id, a.card_id, a.pay, a.fee FROM tasks_assignment a LIMIT 1),
taken AS (
    INSERT INTO tasks_assignment (task_id, job_id, person_id, slot, rate_id, fee_version_id, card_id, pay, fee, state,
        claimed_at, expires_at, submitted_at, accept_by, decided_at)
    SELECT t.id, t.job_id, 1 + (t.position + 7 * slot) %% 30, slot, rate_id, fee_version_id, card_id, pay, fee,
        'accepted', now(), now() + interval '1 hour', now(), now() + interval '3 days', now()
    FROM tasks_task t, terms, generate_series(1, %(each)s) slot WHERE t.job_id = %(job)s RETURNING id
)
INSERT INTO tasks_answer (assignment_id, number, value, seconds, key, at)
SELECT id, 1, CASE id %% 7 WHEN 0 THEN '{"labels": ["Different"]}' ELSE '{"labels": ["Same"]}' END::jsonb, 20,
    gen_random_uuid(), now() FROM taken;
ANALYZE tasks_assignment; ANALYZE tasks_answer;
ALTER TABLE tasks_assignment ENABLE TRIGGER ALL;
ALTER TABLE tasks_answer ENABLE TRIGGER ALL;
"""


def measure(here: Place) -> list[tuple[str, str]]:
    """Return the seconds of loading and of handing out, and by how much memory grew from a tenth to the whole."""
    job, loading = here.run("-m", "tests.bench.prepare", str(TASKS)).split()
    tenth, _ = here.run("-m", "tests.bench.prepare", str(TASKS // 10)).split()
    (seconds, peak), (_, small) = _export(here, job), _export(here, tenth)
    return [
        (f"load {TASKS:,} tasks (JSONL, checked, COPY)", f"{loading} s"),
        (f"hand out {TASKS:,} answers (JSONL)", f"{seconds:.1f} s"),
        ("  peak memory against a tenth of them", f"{(peak - small) / 1024:+.1f} MB"),
    ]


def _export(here: Place, job: str) -> tuple[float, int]:
    """Return seconds and peak kilobytes of an export in a process of its own."""
    answer(here, job)
    seconds, peak, count = here.run("-m", "tests.bench.export", job).split()
    if int(count) < TASKS // 10:
        message = f"only {count} answers came out"
        raise SystemExit(message)
    return float(seconds), int(peak)


def answer(here: Place, job: str, *, each: int = 1) -> None:
    """Let `each` people answer every task of a job; one answer in seven says something else."""
    with psycopg.connect(
        here.cluster.url("postgres", roles.DATABASE), cursor_factory=psycopg.ClientCursor
    ) as superuser:
        superuser.execute(ANSWERED, {"job": int(job), "each": each})
