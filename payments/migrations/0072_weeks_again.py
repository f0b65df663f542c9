"""What each week came to can be worked out again, from what the work says of it now."""

from typing import ClassVar

from django.db import migrations

from coop.database import guards

# As the weeks were counted, for whoever may read the figures and not the minutes that they are made of. A floor may be
# that of another country: who has moved since had the one of where they lived.
AGAIN = """
CREATE FUNCTION public.payments_weeks_again(since date)
RETURNS TABLE (topup bigint, seconds bigint, earned bigint, voted boolean)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $again$
    WITH known AS MATERIALIZED (
        SELECT DISTINCT t.week FROM public.payments_topup t WHERE t.week >= since
    ), place AS (
        SELECT '' AS country UNION SELECT split_part(i.key, ':', 2) FROM public.payments_instrument i
        WHERE i.kind = 'floor' AND i.key LIKE 'country:%'
    ), floor AS MATERIALIZED (
        SELECT DISTINCT k.week, public.payments_floor_of_week(p.country, public.payments_monday(k.week)) AS micro
        FROM known k CROSS JOIN place p
    ), worked AS (
        SELECT k.week, w.* FROM known k
        CROSS JOIN LATERAL public.payments_week_worked(public.payments_monday(k.week)) w
    )
    SELECT t.id, coalesce(w.seconds, 0), coalesce(w.earned, 0),
        EXISTS (SELECT FROM floor f WHERE f.week = t.week AND f.micro = t.floor)
    FROM public.payments_topup t LEFT JOIN worked w ON w.week = t.week AND w.person_id = t.person_id
    WHERE t.week >= since
$again$;
"""


class Migration(migrations.Migration):
    """Work them out."""

    dependencies: ClassVar = [("payments", "0071_reach")]
    operations: ClassVar = [migrations.RunSQL(AGAIN), guards.Allow("payments_weeks_again(date)")]
