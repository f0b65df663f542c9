"""A seat shuts nobody out of their work: it is not taken by whoever works for that client (J1)."""

from typing import ClassVar

from django.db import migrations

from coop.database import guards

# Whoever holds a seat does not do that client's work, so that a seat in somebody's name would be a ban without a word.
FREE = """NEW.accepted_at IS NOT DISTINCT FROM OLD.accepted_at OR NOT EXISTS (
    SELECT FROM public.tasks_assignment a JOIN public.tasks_job j ON j.id = a.job_id
    WHERE j.client_id = NEW.client_id AND a.person_id = NEW.person_id
        AND a.claimed_at > public.coop_now() - interval '90 days'
)"""


class Migration(migrations.Migration):
    """Install the guard."""

    dependencies: ClassVar = [("tasks", "0017_time_guards"), ("people", "0004_address_guards")]
    operations: ClassVar = [
        guards.Guard(
            "seats_shut_nobody_out_of_work",
            table="people_clientseat",
            on="INSERT OR UPDATE",
            holds=FREE,
            otherwise="Whoever has worked for a client in the last 90 days takes no seat at its table.",
            definer=True,
        ),
    ]
