"""A single transfer writes both its accounts in one statement, and its kinds are not sorted to be told apart."""

from typing import ClassVar

import django.db.models.deletion
from django.db import migrations, models

from coop.database import guards

EACH = """        UPDATE public.payments_account a
            SET balance = a.balance + CASE WHEN out_of < into_it THEN -alone ELSE alone END
            WHERE a.id = least(out_of, into_it) AND a.tracked;
        UPDATE public.payments_account a
            SET balance = a.balance + CASE WHEN out_of < into_it THEN alone ELSE -alone END
            WHERE a.id = greatest(out_of, into_it) AND a.tracked;
"""
BOTH = """        -- By its index, in the order of their ids: the function's settings leave no other way.
        UPDATE public.payments_account a
            SET balance = a.balance + CASE a.id WHEN into_it THEN alone ELSE -alone END
            WHERE a.id = ANY (ARRAY[out_of, into_it]) AND a.tracked;
"""
BY_INDEX = "ALTER FUNCTION public.guard_transfers_move_balances() SET enable_bitmapscan = off"


class Migration(migrations.Migration):
    """Write once what was written twice."""

    dependencies: ClassVar = [("payments", "0059_fewer_questions")]
    operations: ClassVar = [
        guards.Edited(
            "guard_transfers_move_balances",
            ("array_agg(DISTINCT p.kind::integer)", "array_agg(p.kind::integer)"),
            (EACH, BOTH),
        ),
        migrations.RunSQL(BY_INDEX),
        # `reversals_mirror_a_transfer` looks it up, as the books do with both accounts; nothing posted is ever deleted.
        migrations.AlterField(
            model_name="transfer",
            name="reverses",
            field=models.OneToOneField(
                db_constraint=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="reversed_by",
                to="payments.transfer",
            ),
        ),
    ]
