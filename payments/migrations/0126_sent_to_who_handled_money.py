"""Whoever checks the books confirms what was sent to somebody who handled money then, or does now.

A term that ended while the money was under way took the payout from the auditor, and left nobody to confirm it.
"""

from typing import ClassVar

from django.db import migrations

from coop.database import guards

MAY_END = """
DROP FUNCTION public.payments_may_end(bigint, bigint);
CREATE FUNCTION public.payments_may_end(office bigint, payout bigint) RETURNS boolean LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT public.governance_may(office, 'handles_money', public.coop_now())
        OR public.governance_may(office, 'checks_the_books', public.coop_now()) AND EXISTS (
            SELECT FROM public.payments_payout p LEFT JOIN public.payments_payrun r ON r.id = p.run_id
            JOIN public.governance_office o ON o.person_id = p.person_id
            WHERE p.id = payout AND (public.governance_may(o.id, 'handles_money', public.coop_now())
                OR public.governance_may(o.id, 'handles_money', coalesce(r.released_at, p.sent_at))));
END;
"""
PAYEE = "(SELECT p.person_id FROM public.payments_payout p WHERE p.id = NEW.payout_id)"


class Migration(migrations.Migration):
    """Look at the moment when a payout went out as well."""

    dependencies: ClassVar = [("payments", "0125_closed_per_account")]
    operations: ClassVar = [
        migrations.RunSQL(MAY_END),
        guards.Edited(
            "guard_payouts_go_by_two_officers",
            ("payments_may_end(o.id, NEW.person_id)", "payments_may_end(o.id, OLD.id)"),
        ),
        guards.Edited(
            "guard_verdicts_come_after_72_hours",
            (f"payments_may_end(o.id, {PAYEE})", "payments_may_end(o.id, NEW.payout_id)"),
        ),
    ]
