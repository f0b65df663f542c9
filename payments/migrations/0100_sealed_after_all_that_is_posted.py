"""A month is sealed when nothing more comes into it: an hour after its end, and after all that was being posted."""

from importlib import import_module
from typing import ClassVar

from django.db import migrations

from coop.database import guards

WHOLE = import_module("payments.migrations.0091_sealed_as_a_whole")
# A posting has its table before it has its moment, so who gets the table to themselves after a month's end has seen
# all of that month. One at a time, each let go at once: nothing is held while anything is waited for.
AFTER_ALL = """
CREATE FUNCTION public.payments_wait_for_postings() RETURNS void LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp SET lock_timeout = '2s' AS $wait$
BEGIN
    BEGIN
        LOCK TABLE public.payments_transfer IN SHARE MODE;
        RAISE 'let go' USING ERRCODE = 'WH001';
    EXCEPTION WHEN SQLSTATE 'WH001' THEN NULL;
    END;
    BEGIN
        LOCK TABLE public.payments_topup IN SHARE MODE;
        RAISE 'let go' USING ERRCODE = 'WH001';
    EXCEPTION WHEN SQLSTATE 'WH001' THEN NULL;
    END;
END $wait$;
"""
MONTH_ENDS = "(of_month || '-01')::date + interval '1 month' <="
NODES = "    WITH leaf AS ("


class Migration(migrations.Migration):
    """Let the seal of statements wait for what is being posted, and for the hour after the month."""

    dependencies: ClassVar = [("payments", "0099_held_until_it_is_looked_at")]
    operations: ClassVar = [
        migrations.RunSQL(AFTER_ALL),
        guards.Allow("payments_wait_for_postings()"),
        guards.Edited(
            "payments_seal_statements", (NODES, f"    PERFORM public.payments_wait_for_postings();\n{NODES}")
        ),
        guards.Edited(
            f"guard_{WHOLE.NAME}", (MONTH_ENDS, MONTH_ENDS.replace("'1 month'", "'1 month' + interval '1 hour'"))
        ),
    ]
