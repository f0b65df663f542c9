"""Whether anybody worked is one look, so that a surplus among a hundred thousand is added up once and not twice."""

from typing import ClassVar

from django.db import migrations

ANYBODY = """
CREATE FUNCTION public.payments_anybody_worked(period text) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $anybody$
    SELECT EXISTS (
        SELECT FROM public.payments_quarter(period) q
        JOIN public.payments_transfer t ON t.posted_at >= lower(q) AND t.posted_at < upper(q)
        JOIN public.payments_account c ON c.id = t.credit_id AND c.kind = 'member:payable' AND c.currency = 'USD'
        JOIN public.governance_standing s ON 'member:' || s.person_id || ':payable' = c.code
        WHERE t.kind IN (5, 10, 24, 26, 28, 31) AND s.status = 'member' AND s.since < upper(q)
        AND NOT EXISTS (SELECT FROM public.governance_standing n
            WHERE n.person_id = s.person_id AND n.id > s.id AND n.since <= lower(q))
    )
$anybody$;

CREATE OR REPLACE FUNCTION public.payments_parts(period text, surplus bigint, said jsonb)
RETURNS TABLE (reserve bigint, education bigint, members bigint)
LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $parts$
    SELECT part[1] + CASE WHEN somebody THEN 0 ELSE part[3] END, part[2], CASE WHEN somebody THEN part[3] ELSE 0 END
    FROM (SELECT ARRAY(SELECT d.amount FROM public.payments_divided(surplus, ARRAY[(said ->> 'reserve')::bigint,
            (said ->> 'education')::bigint, (said ->> 'members')::bigint]) d ORDER BY d.place) AS part,
        public.payments_anybody_worked(period) AS somebody) divided
$parts$;
"""


class Migration(migrations.Migration):
    """Ask it in one place."""

    dependencies: ClassVar = [("payments", "0028_budget_guards")]
    operations: ClassVar = [migrations.RunSQL(ANYBODY)]
