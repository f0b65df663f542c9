"""What cannot be told for certain is not held against anybody; what came back is owed when it has ended (7.8, 7.11)."""

from typing import ClassVar

from django.db import migrations

from coop.database import guards

# A job that asks something else than before is piloted, and waits for its measure and its pay: in doubt no.
PILOTED = """WHERE c.job_id = j.id
                AND NOT EXISTS (SELECT FROM public.tasks_pilot p WHERE p.job_id = j.id))"""
# Of mass returns, what ended unpaid of the clients who sent so much back, counted as the sign counts it, in the week
# before the case and the one after. It is owed once, so not before that week is over and each of them has ended.
RETURNED = """
CREATE OR REPLACE VIEW public.payments_returned_unpaid AS
SELECT c.source, c.person_id, sum(c.answers)::bigint AS answers, sum(c.amount)::bigint AS amount FROM (
    SELECT 'case:' || c.id AS source, c.person_id,
        count(*) FILTER (WHERE r.id IS NOT NULL AND a.state IN ('expired', 'left')) AS answers,
        coalesce(sum(a.pay) FILTER (WHERE r.id IS NOT NULL AND a.state IN ('expired', 'left')), 0) AS amount,
        bool_or(a.state IN ('claimed', 'submitted', 'sent_back', 'disputed')) AS runs
    FROM public.governance_case c
    JOIN public.governance_decision d ON d.case_id = c.id
    JOIN public.governance_motion m ON m.id = d.motion_id AND m.measure = 'repair'
    JOIN public.tasks_assignment a ON a.person_id = c.person_id
    JOIN public.tasks_job j ON j.id = a.job_id
    LEFT JOIN public.tasks_review r ON r.assignment_id = a.id AND r.decision = 'send_back' AND r.ground = 'client'
        AND r.at > c.opened_at - interval '168 hours' AND r.at <= c.opened_at + interval '168 hours'
    LEFT JOIN public.tasks_dispute q ON q.assignment_id = a.id AND q.looks_for = 'client'
        AND q.opened_at > c.opened_at - interval '168 hours' AND q.opened_at <= c.opened_at + interval '168 hours'
    WHERE c.kind = 'equivalent' AND c.ground = 'mass_rejection' AND (r.id IS NOT NULL OR q.id IS NOT NULL)
        AND c.opened_at + interval '168 hours' <= public.coop_now()
    GROUP BY c.id, c.person_id, j.client_id HAVING count(*) >= 5
) c GROUP BY c.source, c.person_id HAVING NOT bool_or(c.runs);
"""
DID = """
CREATE OR REPLACE VIEW public.payments_did AS
SELECT a.id AS assignment_id, a.person_id, j.work_type_id
FROM public.tasks_assignment a JOIN public.tasks_job j ON j.id = a.job_id;
"""


class Migration(migrations.Migration):
    """Say so."""

    dependencies: ClassVar = [("tasks", "0078_at_worst"), ("payments", "0083_sums_that_stay")]
    operations: ClassVar = [
        guards.Edited("tasks_is_offered", (PILOTED, "WHERE c.job_id = j.id)")),
        migrations.RunSQL(RETURNED),
        migrations.RunSQL(DID),
    ]
