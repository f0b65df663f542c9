"""Two officers who say that a client's money arrived are two, and neither speaks for that client."""

from importlib import import_module
from typing import ClassVar

from django.db import migrations

from coop.database import guards

in_office = import_module("payments.migrations.0009_offices").in_office

# The cooperative's own officers speak for its house.
APART = """o.person_id IS DISTINCT FROM w.person_id AND NOT EXISTS (
            SELECT FROM public.people_clientseat s JOIN public.people_client c ON c.id = s.client_id
            WHERE c.id = d.client_id AND NOT c.is_cooperative AND s.person_id IN (o.person_id, w.person_id)
            AND s.accepted_at IS NOT NULL AND s.ended_at IS NULL)"""
BY_ANOTHER = in_office("NEW.by_id", APART)
# A client's own reference on a line, which the bank's words bear, says whose it is; else two officers do. It says
# nothing of a gift. What was taken back came by no line.
PROVED = f"""isfinite(NEW.at) AND EXISTS (
    SELECT FROM public.payments_deposit d LEFT JOIN public.governance_office w ON w.id = d.recorded_by_id
    WHERE d.id = NEW.deposit_id AND NOT EXISTS (
        SELECT FROM public.payments_transfer t JOIN public.payments_transfer r ON r.reverses_id = t.id
        WHERE t.ref = 'deposit:' || d.id AND t.kind = 1
    ) AND CASE WHEN NEW.line_id IS NULL THEN {BY_ANOTHER}
    ELSE EXISTS (
        SELECT FROM public.payments_railevent e
        WHERE e.id = NEW.line_id AND e.statement_id IS NOT NULL AND e.incoming AND e.payout_id IS NULL
        AND e.amount = d.amount AND e.currency = d.currency AND CASE
            WHEN e.outcome = 'deposit' THEN NEW.by_id IS NULL AND d.fund = ''
                AND upper(e.words) ~ ('\\mRF[0-9][0-9] ?WH' || d.client_id || '\\M')
            ELSE e.outcome IN ('unknown', 'repeated') AND {BY_ANOTHER}
        END
    ) END
)"""


class Migration(migrations.Migration):
    """Ask for two, of whom neither sits there; let no line prove a gift or what was taken back."""

    dependencies: ClassVar = [("payments", "0080_what_comes_back")]
    operations: ClassVar = [
        guards.Guard(
            "deposits_are_proved_by_another",
            table="payments_depositproof",
            holds=PROVED,
            otherwise="That money arrived is said by a line of the bank's statement, or by a second officer.",
            definer=True,
        ),
    ]
