"""Who closes one organisation's work and opens it in another's name lowers it all the same (D5, N5)."""

from typing import ClassVar

from django.db import migrations

from coop.database import guards

# A client, and those at which somebody who sits at its table sits, too: now, or within the twelve months that count.
HAND = """
CREATE FUNCTION public.tasks_of_one_hand(client bigint) RETURNS SETOF bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $hand$
    SELECT client
    UNION SELECT other.client_id FROM public.people_clientseat mine
    JOIN public.people_clientseat other ON other.person_id = mine.person_id
    JOIN public.people_client c ON c.id = other.client_id AND NOT c.is_cooperative
    WHERE mine.client_id = client AND mine.accepted_at IS NOT NULL AND other.accepted_at IS NOT NULL
        AND least(mine.ended_at, other.ended_at, public.coop_now()) > public.coop_now() - interval '12 months'
        AND NOT EXISTS (SELECT FROM public.people_client own WHERE own.id = client AND own.is_cooperative)
$hand$;
"""


class Migration(migrations.Migration):
    """Compare a job with the work of all of them."""

    dependencies: ClassVar = [("tasks", "0079_found_fairly"), ("people", "0007_signed_out")]
    operations: ClassVar = [
        migrations.RunSQL(HAND),
        guards.Edited(
            "tasks_least_pay",
            ("WHERE o.client_id = client AND", "WHERE o.client_id IN (SELECT public.tasks_of_one_hand(client)) AND"),
        ),
        guards.Edited(
            "guard_job_reopens_no_lower",
            (
                "c.id = NEW.client_id FOR NO KEY UPDATE",
                "c.id IN (SELECT public.tasks_of_one_hand(NEW.client_id)) ORDER BY c.id FOR NO KEY UPDATE",
            ),
            ("of this client paid more", "of this client, or of another of its people, paid more"),
        ),
    ]
