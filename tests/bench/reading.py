"""Reading the books: the balance of an account, and a member's month of ten thousand lines, each in few queries.

The superuser writes the member's answers and wages past the guards, in a database for measuring.
"""

from tests.bench.place import Place
from tests.bench.votes import as_superuser

LINES = 10_000
FIRST = 800_000_000

WORKED = """
ALTER TABLE tasks_assignment DISABLE TRIGGER ALL;
ALTER TABLE tasks_answer DISABLE TRIGGER ALL;
ALTER TABLE payments_transfer DISABLE TRIGGER ALL;
CREATE TEMP TABLE done AS
    SELECT %(first)s + n AS id, p.person_id, date_trunc('month', now() AT TIME ZONE 'UTC') AT TIME ZONE 'UTC'
        + n * interval '1 second' AS at
    FROM generate_series(1, %(lines)s) n CROSS JOIN (
        SELECT split_part(code, ':', 2)::bigint AS person_id FROM payments_account
        WHERE code ~ '^member:[0-9]+:payable$' AND currency = 'USD' ORDER BY id LIMIT 1
    ) p;
INSERT INTO tasks_assignment OVERRIDING SYSTEM VALUE SELECT (jsonb_populate_record(NULL::tasks_assignment,
    jsonb_build_object('id', d.id, 'task_id', d.id, 'job_id', j.id, 'person_id', d.person_id, 'slot', 1,
        'rate_id', r.id, 'fee_version_id', 1, 'card_id', 'x', 'pay', 90000, 'fee', 9000, 'state', 'accepted',
        'claimed_at', d.at, 'expires_at', d.at + interval '1 hour', 'submitted_at', d.at, 'decided_at', d.at))).*
    FROM done d CROSS JOIN (SELECT min(id) AS id FROM tasks_job) j
    CROSS JOIN (SELECT id FROM payments_rate ORDER BY estimated_seconds DESC LIMIT 1) r;
INSERT INTO tasks_answer (assignment_id, number, value, seconds, key, at)
    SELECT d.id, 1, '{}', 30, gen_random_uuid(), d.at FROM done d;
INSERT INTO payments_transfer
    (key, journal, kind, debit_id, credit_id, amount, ref, occurred_at, posted_at)
    SELECT gen_random_uuid(), gen_random_uuid(), 5, c.id, a.id, 90000, 'assignment:' || d.id, d.at, d.at
    FROM done d JOIN payments_account a ON a.code = 'member:' || d.person_id || ':payable' AND a.currency = 'USD'
    CROSS JOIN (SELECT min(id) AS id FROM payments_account WHERE kind = 'job:commit') c ORDER BY d.at;
ALTER TABLE tasks_assignment ENABLE TRIGGER ALL;
ALTER TABLE tasks_answer ENABLE TRIGGER ALL;
ALTER TABLE payments_transfer ENABLE TRIGGER ALL;
ANALYZE tasks_assignment; ANALYZE tasks_answer; ANALYZE payments_transfer;
"""
WHOSE = "from tasks.models import Assignment; print(Assignment.objects.get(pk={}).person_id)"


def measure(here: Place) -> list[tuple[str, str]]:
    """Return the milliseconds of a balance, and the seconds of the month, each with its number of queries."""
    as_superuser(here, WORKED, first=FIRST, lines=LINES)
    whose = here.run("manage.py", "shell", "--verbosity", "0", "--command", WHOSE.format(FIRST + 1)).split()[-1]
    each, asked, seconds, queries, lines = here.run("-m", "tests.bench.statements", whose).split()
    return [
        (f"balance of an account, {asked} query", f"{float(each):.2f} ms"),
        (f"a month of {int(lines):,} lines and its file, {queries} queries", f"{float(seconds):.2f} s"),
    ]
