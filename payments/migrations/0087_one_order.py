"""An act of several postings takes all its accounts at once, in the order in which every posting takes its own."""

from typing import ClassVar

from django.db import migrations

from coop.database import guards

HOLD = f"""
CREATE FUNCTION public.payments_hold(currencies text[], codes text[]) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp {guards.BY_INDEX} AS $hold$
BEGIN
    PERFORM FROM public.payments_account a
        WHERE a.tracked AND (a.code, a.currency) IN (SELECT * FROM unnest(codes, currencies))
        ORDER BY a.id FOR NO KEY UPDATE OF a;
END $hold$;
"""
TAKEN = "a.code IN ('bank:main',"


class Migration(migrations.Migration):
    """Let the site take accounts before it posts; what the card service takes for a dispute is posted after it."""

    dependencies: ClassVar = [("payments", "0086_statements_seen_by_two")]
    operations: ClassVar = [
        migrations.RunSQL(HOLD),
        guards.Allow("payments_hold(text[], text[])"),
        guards.Edited("guard_processors_say_what_was_paid", (TAKEN, "a.code IN ('bank:main', 'coop:expense:banks',")),
    ]
