"""A line of a statement is a client's deposit only where neither who gave it nor who saw it sits for that client."""

from typing import ClassVar

from django.db import migrations

from coop.database import guards


class Migration(migrations.Migration):
    """Ask of a statement's two officers what is asked of two who say it by hand."""

    dependencies: ClassVar = [("payments", "0094_days_in_utc")]
    operations: ClassVar = [
        guards.Edited(
            "guard_deposits_are_proved_by_another",
            (
                "WHEN e.outcome = 'deposit' THEN NEW.by_id IS NULL AND d.fund = ''",
                """WHEN e.outcome = 'deposit' THEN NEW.by_id IS NULL AND d.fund = '' AND NOT EXISTS (
                    SELECT FROM public.payments_bankstatement b
                    LEFT JOIN public.payments_givenstatement g ON g.id = b.given_id
                    JOIN public.governance_office o ON o.id IN (b.read_by_id, g.given_by_id)
                    JOIN public.people_clientseat s ON s.person_id = o.person_id
                    JOIN public.people_client c ON c.id = s.client_id
                    WHERE b.id = e.statement_id AND c.id = d.client_id AND NOT c.is_cooperative
                    AND s.accepted_at IS NOT NULL AND s.ended_at IS NULL)""",
            ),
        ),
    ]
