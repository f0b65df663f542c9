"""Contents are kept while a case about somebody who worked in the job may need them, and by nobody without an end."""

from typing import ClassVar

from django.db import migrations

from coop.database import guards

ORDERS = """ AND NOT EXISTS (
        SELECT FROM public.tasks_order o JOIN public.tasks_task t ON t.id = o.task_id WHERE t.job_id = job
    )"""
# A case of the time in which the job was open, until it is void, decided without appeal, or decided on it; and a report
# of the last week. No order is in a job that names a day.
CASES = """ AND NOT EXISTS (
        SELECT FROM public.tasks_report r JOIN public.tasks_task t ON t.id = r.task_id
        JOIN public.tasks_job j ON j.id = t.job_id
        WHERE t.job_id = job AND r.at > public.coop_now() - interval '168 hours' AND r.at < j.delete_on
    ) AND NOT EXISTS (
        SELECT FROM public.tasks_job j JOIN public.governance_case c ON c.happened_until >= j.opened_at
            AND c.happened_from <= j.closed_at + interval '168 hours'
        WHERE j.id = job AND EXISTS (
            SELECT FROM public.tasks_assignment a WHERE a.job_id = job AND a.person_id = c.person_id
        ) AND (c.opened_at > public.coop_now() - interval '1080 hours' AND NOT EXISTS (
                SELECT FROM public.governance_decision d WHERE d.case_id = c.id
            ) OR EXISTS (
                SELECT FROM public.governance_panel p WHERE p.case_id = c.id AND p.decide_by > public.coop_now()
                    AND NOT EXISTS (SELECT FROM public.governance_decision d WHERE d.panel_id = p.id)
            ) OR EXISTS (
                SELECT FROM public.governance_decision d JOIN public.governance_panel p ON p.id = d.panel_id
                JOIN public.governance_motion m ON m.id = d.motion_id
                WHERE d.case_id = c.id AND p.stage = 'first' AND m.measure <> 'nothing'
                    AND d.decided_at > public.coop_now() - interval '2160 hours'
                    AND NOT EXISTS (SELECT FROM public.governance_appeal e WHERE e.decision_id = d.id)
            ))
    )"""
LATE = "AND r.asked_at > public.coop_now() - interval '24 hours'"


class Migration(migrations.Migration):
    """Wait for cases; let nothing that is asked for after the day hold it off; empty an answer once."""

    dependencies: ClassVar = [("tasks", "0095_kept_by_what_closed"), ("governance", "0076_spans_in_hours")]
    operations: ClassVar = [
        guards.Edited(
            "tasks_may_delete",
            (ORDERS, CASES),
            (LATE, f"{LATE} AND r.asked_at < (SELECT j.delete_on FROM public.tasks_job j WHERE j.id = job)"),
        ),
        guards.Edited(
            "guard_tasks_answer_is_append_only",
            ("IF public.tasks_empties(", "IF OLD.digest IS NULL AND public.tasks_empties("),
        ),
    ]
