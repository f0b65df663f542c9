"""Let statements and the open ledger count engaged time, as the weeks of the guarantee do (decision 0280)."""

from typing import ClassVar

from django.db import migrations

from coop.database import guards

# Empty here: the app that knows the work replaces them.
TIME = """
CREATE FUNCTION public.payments_time_of(who bigint, works bigint[])
RETURNS TABLE (assignment_id bigint, seconds numeric) LANGUAGE sql STABLE
SET search_path = pg_catalog, public, pg_temp AS $time$ SELECT NULL::bigint, NULL::numeric WHERE false $time$;
"""
HOURS = """
CREATE FUNCTION public.payments_hours_paid(first timestamptz, after timestamptz)
RETURNS TABLE (work_type_id bigint, person_id bigint, amount numeric, seconds numeric) LANGUAGE sql STABLE
SET search_path = pg_catalog, public, pg_temp
AS $hours$ SELECT NULL::bigint, NULL::bigint, NULL::numeric, NULL::numeric WHERE false $hours$;
"""


class Migration(migrations.Migration):
    """Make the functions."""

    dependencies: ClassVar = [("payments", "0120_care_has_a_floor")]
    operations: ClassVar = [
        migrations.RunSQL(TIME + HOURS),
        guards.Allow("payments_time_of(bigint, bigint[])"),
        guards.Allow("payments_hours_paid(timestamptz, timestamptz)"),
    ]
