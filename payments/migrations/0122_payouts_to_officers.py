"""A payout to whoever handles money is confirmed by another of them or by whoever checks the books, never the payee."""

from typing import ClassVar

from django.db import migrations

from coop.database import guards

MAY_END = """
CREATE FUNCTION public.payments_may_end(office bigint, payee bigint) RETURNS boolean LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT public.governance_may(office, 'handles_money', public.coop_now())
        OR public.governance_may(office, 'checks_the_books', public.coop_now()) AND EXISTS (
            SELECT FROM public.governance_office o WHERE o.person_id = payee
            AND public.governance_may(o.id, 'handles_money', public.coop_now()));
END;
"""
MONEY = "public.governance_may(o.id, 'handles_money', public.coop_now())"
CONFIRMS = "WHERE o.id = NEW.settled_by_id\n    AND "
PAYEE = "(SELECT p.person_id FROM public.payments_payout p WHERE p.id = NEW.payout_id)"
TWO = "SELECT count(*) > 1 FROM (\n        SELECT DISTINCT ON (o.person_id) v.arrived FROM"
TWO_OF_WHOM_ONE = """SELECT count(*) > 1 AND bool_or(latest.handles) FROM (
        SELECT DISTINCT ON (o.person_id) v.arrived,
            public.governance_may(o.id, 'handles_money', v.at) AS handles FROM"""
DUTY = "SELECT o.id, concerned, act, public.governance_right_for(act), subject"
DUTY_OF_OFFICE = """SELECT o.id, concerned, act, CASE WHEN act = 'settled_payout'
        AND NOT public.governance_may(o.id, 'handles_money', public.coop_now()) THEN 'checks_the_books'
        ELSE public.governance_right_for(act) END, subject"""
BY_RIGHT = "NEW.duty = public.governance_right_for(NEW.act)"
BY_EITHER = f"({BY_RIGHT} OR NEW.act = 'settled_payout' AND NEW.duty = 'checks_the_books')"


class Migration(migrations.Migration):
    """Let the second hand be an auditor's, of these payouts alone; one of the two still handles money."""

    dependencies: ClassVar = [("payments", "0121_engaged_hours"), ("governance", "0081_gone_for_a_week")]
    operations: ClassVar = [
        migrations.RunSQL(MAY_END),
        guards.Edited(
            "guard_payouts_go_by_two_officers",
            (f"{CONFIRMS}{MONEY}", f"{CONFIRMS}public.payments_may_end(o.id, NEW.person_id)"),
        ),
        guards.Edited("guard_verdicts_come_after_72_hours", (MONEY, f"public.payments_may_end(o.id, {PAYEE})")),
        guards.Edited("guard_two_officers_end_what_was_never_answered", (TWO, TWO_OF_WHOM_ONE)),
        # What somebody did by the right to check the books is not told as done by one that they have not.
        guards.Edited("governance_note_act", (DUTY, DUTY_OF_OFFICE)),
        guards.Edited("guard_officers_act_by_a_right_they_hold", (BY_RIGHT, BY_EITHER)),
    ]
