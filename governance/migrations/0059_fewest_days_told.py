"""A candidate waits for the fewest days that applied since they began, whatever is voted after them (E9)."""

from typing import ClassVar

from django.db import migrations

CANDIDATE = """
CREATE OR REPLACE FUNCTION public.governance_candidate_time(begun timestamptz, moment timestamptz) RETURNS interval
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $time$
    SELECT make_interval(hours => 24 * least(public.governance_number_at('candidate_days', begun),
        min(p.value))::integer)
    FROM public.governance_parameter p
    WHERE p.name = 'candidate_days' AND p.applies_from > begun AND p.applies_from <= moment
$time$;
"""


class Migration(migrations.Migration):
    """Ask every number of that time, and not the first and the last alone."""

    dependencies: ClassVar = [("governance", "0058_protected_acts")]
    operations: ClassVar = [migrations.RunSQL(CANDIDATE)]
