"""A statement that waits holds up a verdict for 72 hours from when one could be given, and none is spent before."""

from typing import ClassVar

from django.db import migrations

from coop.database import guards


class Migration(migrations.Migration):
    """Count from the first file since the bank was told of a payout, and at the soonest from the fifth day."""

    dependencies: ClassVar = [("payments", "0098_by_place")]
    operations: ClassVar = [
        guards.Edited(
            "guard_verdicts_come_after_72_hours",
            (
                "WHERE p.rail = 'bank' AND NOT EXISTS",
                """WHERE p.rail = 'bank'
            AND (g.turned_down_by_id IS NULL OR g.given_at >= coalesce(r.handed_over_at, r.released_at))
            AND NOT EXISTS""",
            ),
            (
                "AND min(g.given_at) + interval '72 hours' > public.coop_now()",
                """AND greatest(
                min(g.given_at) FILTER (WHERE g.given_at >= coalesce(r.handed_over_at, r.released_at)),
                coalesce(r.handed_over_at, r.released_at) + interval '5 days'
            ) + interval '72 hours' > public.coop_now()""",
            ),
        ),
    ]
