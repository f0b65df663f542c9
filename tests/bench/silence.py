"""Acceptance by silence, in batches: `python -m tests.bench.silence` prints how many it accepted, and the seconds.

Answers through the acts would take an hour: the superuser writes answers, and the money behind them, past the guards of
work, in a database for measuring. What is measured goes through the act, as the web role, with all guards on. TPC-B is
measured on the same server before and after, as the reference.
"""

import time

import django

from tests.bench import place
from tests.bench.place import Place
from tests.bench.votes import PEOPLE, as_superuser

ANSWERS, MEMBERS = 100_000, 1_000

# In the order of the tasks: each batch pays as many members as it has answers.
HANDED_IN = """
ALTER TABLE tasks_assignment DISABLE TRIGGER ALL;
ALTER TABLE tasks_answer DISABLE TRIGGER ALL;
ALTER TABLE tasks_task DISABLE TRIGGER ALL;
INSERT INTO tasks_assignment (task_id, job_id, person_id, slot, rate_id, fee_version_id, card_id, pay, fee, state,
    claimed_at, expires_at, submitted_at, accept_by)
    SELECT t.id, j.id, p.id, 1, r.id, f.id, 'x', j.pay, j.pay * f.on_wage / 10000, 'submitted',
        now(), now() + interval '1 hour', now(), now()
    FROM tasks_job j JOIN tasks_task t ON t.job_id = j.id
    JOIN (SELECT id, row_number() OVER (ORDER BY id DESC) - 1 AS place FROM people_person) p
        ON p.place = t.position %% %(members)s
    CROSS JOIN LATERAL (
        SELECT id FROM payments_rate WHERE work_type_id = j.work_type_id ORDER BY version DESC LIMIT 1) r
    CROSS JOIN LATERAL (SELECT id, on_wage FROM payments_fee ORDER BY version DESC LIMIT 1) f
    WHERE j.id = %(job)s ORDER BY t.position;
INSERT INTO tasks_answer (assignment_id, number, value, seconds, key, at)
    SELECT id, 1, '{"labels": ["Same"]}', 20, gen_random_uuid(), now() FROM tasks_assignment WHERE job_id = %(job)s;
UPDATE tasks_task SET open_slots = 0 WHERE job_id = %(job)s;
ALTER TABLE tasks_assignment ENABLE TRIGGER ALL;
ALTER TABLE tasks_answer ENABLE TRIGGER ALL;
ALTER TABLE tasks_task ENABLE TRIGGER ALL;
ALTER TABLE payments_transfer DISABLE TRIGGER wage_is_what_was_promised;
INSERT INTO payments_account (code, currency)
    SELECT DISTINCT 'job:' || job_id || ':commit:' || person_id, 'USD' FROM tasks_assignment WHERE job_id = %(job)s;
INSERT INTO payments_transfer (key, journal, kind, debit_id, credit_id, amount, ref, occurred_at)
    SELECT gen_random_uuid(), gen_random_uuid(), 3, e.id, c.id, a.pay + a.fee, 'assignment:' || a.id, now()
    FROM tasks_assignment a JOIN payments_account e ON e.code = 'job:' || a.job_id || ':escrow'
    JOIN payments_account c ON c.code = 'job:' || a.job_id || ':commit:' || a.person_id WHERE a.job_id = %(job)s;
ANALYZE tasks_assignment; ANALYZE tasks_answer; ANALYZE tasks_task;
"""


def measure(here: Place) -> list[tuple[str, str]]:
    """Return the seconds in which silence accepts all answers, and how many a second, each with its fee and levies."""
    job = here.run("-m", "tests.bench.prepare", str(ANSWERS)).split()[0]
    before = place.tpc_b(here)
    as_superuser(here, PEOPLE, people=MEMBERS)
    as_superuser(here, HANDED_IN, members=MEMBERS, job=int(job))
    accepted, seconds, growth = here.run("-m", "tests.bench.silence").split()
    rate = int(accepted) / float(seconds)
    tpc_b = (before + place.tpc_b(here, fresh=False)) / 2
    return [
        (f"silence accepts {int(accepted):,} answers (aim: 60 s)", f"{float(seconds):.1f} s"),
        ("  acceptances with wage, fee and levies (aim: 6,000/s)", f"{rate:,.0f}/s"),
        ("  as many times TPC-B in the same run", f"{rate / tpc_b:.2f}"),
        ("  an answer of the second half, in those of the first", f"{float(growth):.2f}"),
    ]


def accept() -> tuple[int, float, float]:
    """Accept as the background job does; return how many were accepted, the seconds, and how they grew on the way."""
    from tasks import silence  # noqa: PLC0415 - after setup

    began = time.perf_counter()
    batches = [(found, time.perf_counter()) for found in silence.accept_all()]
    moments = [began, *(moment for _found, moment in batches)]
    half = len(batches) // 2
    growth = (moments[-1] - moments[half]) / (len(batches) - half) / ((moments[half] - began) / half)
    return sum(found for found, _moment in batches), moments[-1] - began, growth


if __name__ == "__main__":
    django.setup()
    print(*accept())  # noqa: T201 - read by the process that asked
