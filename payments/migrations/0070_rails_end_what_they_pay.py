"""What goes with a run ends as its rail said or as two officers read, never by the word of one; the bank's too."""

from typing import ClassVar

from django.db import migrations

from coop.database import guards

WAS = "what a service never answered for, 72 hours after it went out, never"
IS = "what no rail answered for, 72 hours after it went out and 5 days by bank, never"


class Migration(migrations.Migration):
    """Close the way by hand to what a run pays, and open the verdicts of two officers to what the bank pays."""

    dependencies: ClassVar = [("payments", "0069_paybacks")]
    operations: ClassVar = [
        guards.Edited(
            "guard_payouts_go_by_two_officers",
            (
                "IF NEW.settled_by_id IS NOT NULL AND isfinite(NEW.settled_at)",
                "IF NEW.run_id IS NULL AND NEW.settled_by_id IS NOT NULL AND isfinite(NEW.settled_at)",
            ),
        ),
        # A transfer may take days; one that the bank booked with another amount waits for nothing more.
        guards.Edited(
            "guard_verdicts_come_after_72_hours",
            ("AND p.state IN ('sending', 'sent') AND p.rail <> 'bank'", "AND p.state IN ('sending', 'sent')"),
            (
                "AND r.released_at + interval '72 hours' <= public.coop_now()",
                """AND (r.released_at + CASE p.rail WHEN 'bank' THEN interval '5 days' ELSE interval '72 hours' END
            <= public.coop_now() OR p.rail = 'bank' AND EXISTS (
                SELECT FROM public.payments_railevent e WHERE e.payout_id = p.id AND e.outcome = 'partial'))""",
            ),
            (WAS, IS),
        ),
        # A verdict stands for the statement; `two_officers_end_what_was_never_answered` asks who read it.
        guards.Edited(
            "guard_rails_say_what_became_of_payouts",
            ("AND (NEW.rail <> 'bank' OR EXISTS (", "AND (NEW.rail <> 'bank' OR NEW.event ~ '/verdict$' OR EXISTS ("),
        ),
    ]
