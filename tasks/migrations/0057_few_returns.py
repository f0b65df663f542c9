"""A client sends few answers back: beyond one in ten of a job's, the guide or the check is looked at, not members."""

from typing import ClassVar

from django.db import migrations

from coop.database import guards

# The client's row is locked, so that two at once are counted one after the other.
FEW = f"""
    {guards.in_the_present("clients_send_few_back")}
    IF NEW.ground = 'client' AND NEW.decision = 'send_back' THEN
        SELECT j.id, j.client_id INTO job FROM public.tasks_assignment a JOIN public.tasks_job j ON j.id = a.job_id
            WHERE a.id = NEW.assignment_id;
        PERFORM FROM public.people_client c WHERE c.id = job.client_id FOR NO KEY UPDATE;
        IF 10 * (1 + (SELECT count(*)
                FROM public.tasks_review r JOIN public.tasks_assignment a ON a.id = r.assignment_id
                WHERE a.job_id = job.id AND r.ground = 'client' AND r.decision = 'send_back'))
            > greatest(10, (SELECT count(*) FROM public.tasks_assignment a
                WHERE a.job_id = job.id AND a.submitted_at IS NOT NULL))
        THEN
            {guards.refuse("clients_send_few_back", "A client sends one in ten of a job's answers back at most.")}
        END IF;
    END IF;
    RETURN NEW;
"""


class Migration(migrations.Migration):
    """Watch what clients send back."""

    dependencies: ClassVar = [("tasks", "0056_callback_names")]
    operations: ClassVar = [
        guards.Procedure("clients_send_few_back", table="tasks_review", declare="job record;", body=FEW, definer=True),
    ]
