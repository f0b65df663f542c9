"""What came back and was passed on by its member ended unpaid as well: declining is no wrong (7.9, 7.10)."""

from typing import ClassVar

from django.db import migrations

# As before, with what was skipped; `without_skips` is what edition 2 of back pay came to, for what it paid.
RETURNED = """
CREATE OR REPLACE VIEW public.payments_returned_unpaid AS
SELECT c.source, c.person_id, sum(c.answers)::bigint AS answers, sum(c.amount)::bigint AS amount,
    sum(c.without_skips)::bigint AS without_skips
FROM (
    SELECT 'case:' || c.id AS source, c.person_id,
        count(*) FILTER (WHERE r.id IS NOT NULL AND a.state IN ('expired', 'left', 'skipped')) AS answers,
        coalesce(sum(a.pay) FILTER (WHERE r.id IS NOT NULL AND a.state IN ('expired', 'left', 'skipped')), 0) AS amount,
        coalesce(sum(a.pay) FILTER (WHERE r.id IS NOT NULL AND a.state IN ('expired', 'left')), 0) AS without_skips,
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


class Migration(migrations.Migration):
    """Count them."""

    dependencies: ClassVar = [("tasks", "0082_seconds_paid"), ("payments", "0085_no_cliff_in_back_pay")]
    operations: ClassVar = [migrations.RunSQL(RETURNED)]
