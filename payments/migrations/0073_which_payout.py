"""A case about a held payout names the one that was asked for first."""

from typing import ClassVar

from django.db import migrations

NUMBER = """
CREATE OR REPLACE FUNCTION public.governance_number_of_sign(who bigint, sign text) RETURNS bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $number$
    SELECT min(p.id) FROM public.payments_payout p
    WHERE sign = 'held_payout' AND p.person_id = who AND p.state NOT IN ('settled', 'failed')
        AND p.requested_at <= public.coop_now() - interval '72 hours'
$number$;
"""


class Migration(migrations.Migration):
    """Say its number."""

    dependencies: ClassVar = [("payments", "0072_weeks_again"), ("governance", "0065_words_of_signs")]
    operations: ClassVar = [migrations.RunSQL(NUMBER)]
