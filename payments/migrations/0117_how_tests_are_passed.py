"""How the test of a skill is passed, and when it may be taken again, is an instrument of qualification (D3, N9)."""

from typing import ClassVar

from django.db import migrations

from coop.database import guards

WAS = "WHEN 'qualification' THEN about ~"
IS = """WHEN 'qualification' THEN (about = 'skills' AND public.payments_named(value, 'again_days', 'drawn', 'right')
                AND public.payments_whole(value, 'again_days', 0, 30) AND public.payments_whole(value, 'drawn', 3, 50)
                AND public.payments_whole(value, 'right', 1, 50)
                AND (value ->> 'right')::integer <= (value ->> 'drawn')::integer)
            OR about ~"""


class Migration(migrations.Migration):
    """Let it be said. A house that was founded before has no tests until its members voted how they are passed."""

    dependencies: ClassVar = [("payments", "0116_compared_in_one_pass")]
    operations: ClassVar = [guards.Edited("payments_instrument_holds", (WAS, IS))]
