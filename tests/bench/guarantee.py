"""The hourly guarantee over a week of a million spans: merging them and finding what each member lacks to the floor.

The superuser writes tasks and spans past the guards, in a database for measuring; counting goes through the act.
"""

from tests.bench.place import Place
from tests.bench.votes import PEOPLE, as_superuser

MEMBERS, TASKS, SPANS = 2_000, 100_000, 10

WEEK = """
ALTER TABLE payments_instrument DISABLE TRIGGER ALL;
ALTER TABLE tasks_assignment DISABLE TRIGGER ALL;
ALTER TABLE tasks_answer DISABLE TRIGGER ALL;
ALTER TABLE tasks_span DISABLE TRIGGER ALL;
INSERT INTO payments_instrument (kind, key, version, value, mandate_id, since)
    SELECT 'floor', 'country:' || c.country, 1, '{"micro_an_hour":20000000}', m.id, now() - interval '10 days'
    FROM (SELECT DISTINCT country FROM people_person) c
    CROSS JOIN (SELECT id FROM governance_mandate WHERE proposal_id IS NULL LIMIT 1) m;
CREATE TEMP TABLE done AS
    SELECT n, 900000000 + n AS id, p.id AS person_id, date_trunc('week', now() AT TIME ZONE 'UTC') AT TIME ZONE 'UTC'
        - interval '7 days' + n / %(members)s * interval '3 hours' + p.place * interval '1 second' AS at
    FROM generate_series(0, %(tasks)s - 1) n
    JOIN (SELECT id, row_number() OVER (ORDER BY id DESC) - 1 AS place FROM people_person) p
        ON p.place = n %% %(members)s;
INSERT INTO tasks_assignment OVERRIDING SYSTEM VALUE SELECT (jsonb_populate_record(NULL::tasks_assignment,
    jsonb_build_object('id', d.id, 'task_id', d.id, 'job_id', j.id, 'person_id', d.person_id, 'slot', 1,
        'rate_id', r.id, 'fee_version_id', 1, 'card_id', 'x', 'pay', 90000, 'fee', 9000, 'state', 'accepted',
        'claimed_at', d.at, 'expires_at', d.at + interval '1 hour', 'submitted_at', d.at + interval '601 seconds',
        'decided_at', d.at + interval '601 seconds'))).*
    FROM done d CROSS JOIN (SELECT min(id) AS id FROM tasks_job) j
    CROSS JOIN (SELECT id FROM payments_rate ORDER BY estimated_seconds DESC LIMIT 1) r;
INSERT INTO tasks_answer (assignment_id, number, value, seconds, key, at)
    SELECT d.id, 1, '{}', 600, gen_random_uuid(), d.at + interval '601 seconds' FROM done d ORDER BY d.at;
INSERT INTO tasks_span (assignment_id, from_at, to_at, told, noted_at)
    SELECT d.id, d.at + k * interval '60 seconds', d.at + (k + 1) * interval '60 seconds', false,
        d.at + (k + 1) * interval '60 seconds'
    FROM done d CROSS JOIN generate_series(0, %(spans)s - 1) k;
ALTER TABLE payments_instrument ENABLE TRIGGER ALL;
ALTER TABLE tasks_assignment ENABLE TRIGGER ALL;
ALTER TABLE tasks_answer ENABLE TRIGGER ALL;
ALTER TABLE tasks_span ENABLE TRIGGER ALL;
ANALYZE tasks_assignment; ANALYZE tasks_answer; ANALYZE tasks_span;
"""


def measure(here: Place) -> list[tuple[str, str]]:
    """Return the seconds of counting the week."""
    as_superuser(here, PEOPLE, people=MEMBERS)
    as_superuser(here, WEEK, members=MEMBERS, tasks=TASKS, spans=SPANS)
    seconds, people = here.run("-m", "tests.bench.weeks").splitlines()[-1].split()
    return [
        (
            f"floor of {int(people):,} members over {TASKS * SPANS:,} spans (aim: 30 s)",
            f"{float(seconds):.1f} s",
        ),
    ]
