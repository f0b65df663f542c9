"""A batch moves its balances in one statement, still in the order of the accounts' ids."""

from typing import ClassVar

from django.db import migrations

from coop.database import guards

ONE_BY_ONE = """    FOR moved IN
        SELECT side.account, sum(side.amount)::bigint AS amount FROM (
            SELECT debit_id AS account, -amount AS amount FROM posted
            UNION ALL SELECT credit_id, amount FROM posted
        ) side GROUP BY side.account ORDER BY side.account
    LOOP
        UPDATE public.payments_account a SET balance = a.balance + moved.amount
            WHERE a.id = moved.account AND a.tracked AND moved.amount <> 0;
    END LOOP;
"""
# Nothing but a loop is left to the planner: it goes through what moved, as sorted, and finds each account by its index.
TOGETHER = """    UPDATE public.payments_account a SET balance = a.balance + moved.amount
        FROM (
            SELECT side.account, sum(side.amount)::bigint AS amount FROM (
                SELECT debit_id AS account, -amount AS amount FROM posted
                UNION ALL SELECT credit_id, amount FROM posted
            ) side GROUP BY side.account HAVING sum(side.amount) <> 0 ORDER BY side.account
        ) moved WHERE a.id = moved.account AND a.tracked;
"""


class Migration(migrations.Migration):
    """Write a batch's balances at once."""

    dependencies: ClassVar = [("payments", "0060_written_once")]
    operations: ClassVar = [
        guards.Edited(
            "guard_transfers_move_balances", ("    moved record;\n", ""), (ONE_BY_ONE, TOGETHER),
        ),
        migrations.RunSQL(f"ALTER FUNCTION public.guard_transfers_move_balances() {guards.BY_INDEX}"),
    ]  # fmt: skip
