"""A file that one officer brought holds up nobody's payout for longer than 72 hours, however often it is brought."""

from typing import ClassVar

from django.db import migrations

from coop.database import guards


class Migration(migrations.Migration):
    """Count from the first file that has a payout, by the database's clock."""

    dependencies: ClassVar = [("payments", "0091_sealed_as_a_whole")]
    operations: ClassVar = [
        guards.Edited(
            "guard_statements_are_given_in_office",
            ("IF (isfinite(NEW.given_at)", "NEW.given_at := public.coop_now();\n    IF (isfinite(NEW.given_at)"),
        ),
        guards.Edited(
            "guard_verdicts_come_after_72_hours",
            ("WHERE p.rail = 'bank' AND g.turned_down_by_id IS NULL\n            AND NOT EXISTS",
             "WHERE p.rail = 'bank' AND NOT EXISTS"),
            (
                "AND l ->> 'key' ~ ('^WORKHALL-PAYOUT-0*' || p.id || '$'))",
                """AND l ->> 'key' ~ ('^WORKHALL-PAYOUT-0*' || p.id || '$')
            HAVING bool_or(g.turned_down_by_id IS NULL)
            AND min(g.given_at) + interval '72 hours' > public.coop_now())""",
            ),
        ),
    ]  # fmt: skip
