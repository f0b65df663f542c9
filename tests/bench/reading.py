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
INSERT INTO payments_account (code, currency)
    SELECT code, 'USD' FROM (SELECT min(id) AS id FROM people_person) p
    CROSS JOIN LATERAL (VALUES ('member:' || p.id || ':payable'), ('job:' || %(job)s || ':commit:' || p.id)) a (code)
    ON CONFLICT (code, currency) DO NOTHING;
CREATE TEMP TABLE done AS
    SELECT %(first)s + n AS id, p.person_id, date_trunc('month', now() AT TIME ZONE 'UTC') AT TIME ZONE 'UTC'
        + n * interval '1 second' AS at
    FROM generate_series(1, %(lines)s) n CROSS JOIN (SELECT min(id) AS person_id FROM people_person) p;
INSERT INTO tasks_assignment OVERRIDING SYSTEM VALUE SELECT (jsonb_populate_record(NULL::tasks_assignment,
    jsonb_build_object('id', d.id, 'task_id', d.id, 'job_id', %(job)s, 'person_id', d.person_id, 'slot', 1,
        'rate_id', r.id, 'fee_version_id', 1, 'card_id', 'x', 'pay', 90000, 'fee', 9000, 'state', 'accepted',
        'claimed_at', d.at, 'expires_at', d.at + interval '1 hour', 'submitted_at', d.at, 'decided_at', d.at))).*
    FROM done d CROSS JOIN (SELECT id FROM payments_rate ORDER BY estimated_seconds DESC LIMIT 1) r;
INSERT INTO tasks_answer (assignment_id, number, value, seconds, key, at)
    SELECT d.id, 1, '{}', 30, gen_random_uuid(), d.at FROM done d;
INSERT INTO payments_transfer
    (key, journal, kind, debit_id, credit_id, amount, ref, occurred_at, posted_at)
    SELECT gen_random_uuid(), gen_random_uuid(), 5, c.id, a.id, 90000, 'assignment:' || d.id, d.at, d.at
    FROM done d JOIN payments_account a ON a.code = 'member:' || d.person_id || ':payable' AND a.currency = 'USD'
    JOIN payments_account c ON c.code = 'job:' || %(job)s || ':commit:' || d.person_id AND c.currency = 'USD'
    ORDER BY d.at;
ALTER TABLE tasks_assignment ENABLE TRIGGER ALL;
ALTER TABLE tasks_answer ENABLE TRIGGER ALL;
ALTER TABLE payments_transfer ENABLE TRIGGER ALL;
ANALYZE tasks_assignment; ANALYZE tasks_answer; ANALYZE payments_transfer;
"""


def measure(here: Place) -> list[tuple[str, str]]:
    """Return the milliseconds of a balance, and the seconds of the month, each with its number of queries."""
    job, _loading = here.run("-m", "tests.bench.prepare", "1").split()
    as_superuser(here, WORKED, job=int(job), first=FIRST, lines=LINES)
    each, asked, seconds, queries, lines = here.run("-m", "tests.bench.statements").split()
    return [
        (f"balance of an account, {asked} query", f"{float(each):.2f} ms"),
        (f"a month of {int(lines):,} lines and its file, {queries} queries", f"{float(seconds):.2f} s"),
    ]
