"""What transfers between work and pay owe is asked only when a transfer of that kind is among them."""

from importlib import import_module
from typing import ClassVar

from django.db import migrations

from coop.database import guards

changed = import_module("payments.migrations.0024_checking").changed
apart = import_module("payments.migrations.0053_asked_by_kind").apart
SHARES = import_module("tasks.migrations.0027_shares")
WAGES = import_module("tasks.migrations.0004_wages")

# One look at the kinds of a statement, then only the questions about those.
PROMISED = changed(
    SHARES.PROMISED,
    (
        """BEGIN
    IF EXISTS (
        SELECT FROM posted p
        JOIN public.payments_account d ON d.id = p.debit_id
        JOIN public.payments_account c ON c.id = p.credit_id
        LEFT JOIN public.tasks_assignment a ON a.id =
            CASE""",
        """DECLARE
    kinds integer[];
BEGIN
    SELECT array_agg(DISTINCT p.kind::integer) INTO kinds FROM posted p;
    IF kinds && ARRAY[3, 4, 5, 6, 7, 10, 28, 29, 30] AND EXISTS (
        SELECT FROM posted p
        JOIN public.payments_account d ON d.id = p.debit_id
        JOIN public.payments_account c ON c.id = p.credit_id
        LEFT JOIN public.tasks_assignment a ON a.id =
            CASE""",
    ),
    (
        """    IF EXISTS (
        SELECT FROM posted p
        JOIN public.payments_account e ON""",
        """    IF kinds && ARRAY[2, 18] AND EXISTS (
        SELECT FROM posted p
        JOIN public.payments_account e ON""",
    ),
    (
        """    IF EXISTS (
        SELECT FROM posted p
        JOIN public.payments_account d ON d.id = p.debit_id
        JOIN public.payments_account c ON c.id = p.credit_id
        LEFT JOIN public.tasks_check k""",
        """    IF kinds && ARRAY[3, 4, 9] AND EXISTS (
        SELECT FROM posted p
        JOIN public.payments_account d ON d.id = p.debit_id
        JOIN public.payments_account c ON c.id = p.credit_id
        LEFT JOIN public.tasks_check k""",
    ),
    ("    IF EXISTS (SELECT FROM posted p WHERE p.kind = 28) AND (", "    IF 28 = ANY (kinds) AND ("),
    (
        """    IF EXISTS (
        SELECT FROM posted p JOIN public.payments_account c ON c.id = p.credit_id
        LEFT JOIN public.tasks_finding f""",
        """    IF 31 = ANY (kinds) AND EXISTS (
        SELECT FROM posted p JOIN public.payments_account c ON c.id = p.credit_id
        LEFT JOIN public.tasks_finding f""",
    ),
)
_, NAME, STAYS = WAGES.PROMISED.partition(
    "CREATE OR REPLACE FUNCTION public.guard_unclaimed_money_stays_with_an_open_job"
)
UNCLAIMED = changed(
    NAME + STAYS,
    (
        """    IF EXISTS (
        SELECT FROM posted p JOIN public.payments_account d ON d.id = p.debit_id AND d.kind = 'job:escrow'
        WHERE p.kind IN (18, 99)
    ) THEN""",
        """    IF NOT EXISTS (SELECT FROM posted p WHERE p.kind IN (18, 99)) THEN
        RETURN NULL;
    END IF;
    IF EXISTS (
        SELECT FROM posted p JOIN public.payments_account d ON d.id = p.debit_id AND d.kind = 'job:escrow'
        WHERE p.kind IN (18, 99)
    ) THEN""",
    ),
)


class Migration(migrations.Migration):
    """Ask less often, and nothing else."""

    dependencies: ClassVar = [("tasks", "0034_files"), ("payments", "0053_asked_by_kind")]
    operations: ClassVar = [
        migrations.RunSQL(apart(PROMISED)),
        migrations.RunSQL(UNCLAIMED),
        guards.OfKinds("deposits_stay_until_weeks_are_counted", 18, 99),
        guards.OfKinds("differences_are_paid_as_found", 11),
        guards.OfKinds("tips_go_to_who_answered", 12),
    ]
