"""A statement that waits for its second officer comes before verdicts, and a line moves what such a line can."""

from typing import ClassVar

from django.db import migrations

from coop.database import guards


class Migration(migrations.Migration):
    """Let nobody say that no statement has what one has, and tie outcomes to fees and to what came back."""

    dependencies: ClassVar = [("payments", "0089_sealed_statements")]
    operations: ClassVar = [
        guards.Edited(
            "guard_verdicts_come_after_72_hours",
            (
                "WHERE p.id = NEW.payout_id AND p.state IN ('sending', 'sent')",
                """WHERE p.id = NEW.payout_id AND p.state IN ('sending', 'sent')
        AND NOT EXISTS (
            SELECT FROM public.payments_givenstatement g CROSS JOIN LATERAL jsonb_array_elements(g.lines) l
            WHERE p.rail = 'bank' AND g.turned_down_by_id IS NULL
            AND NOT EXISTS (SELECT FROM public.payments_bankstatement s WHERE s.given_id = g.id)
            AND l ->> 'key' ~ ('^WORKHALL-PAYOUT-0*' || p.id || '$'))""",
            ),
        ),
        guards.Edited(
            "guard_lines_are_as_two_saw_them",
            (
                "AND (a.payout_id IS NULL OR",
                """AND (a.outcome NOT IN ('deposit', 'partial') OR NOT (saw.line ->> 'is_fee')::boolean)
            AND (a.outcome <> 'deposit' OR NOT (saw.line ->> 'came_back')::boolean)
            AND (a.payout_id IS NULL OR""",
            ),
        ),
    ]
