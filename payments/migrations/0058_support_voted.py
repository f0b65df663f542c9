"""What the care and the education fund give each is voted, as everything that changes what a member gets (D3)."""

from importlib import import_module
from typing import ClassVar

from django.db import migrations, models

from coop.database import guards

FLOORS = import_module("payments.migrations.0041_floor_deposits_guards")
SUPPORT = import_module("payments.migrations.0055_support")
changed = FLOORS.changed

KINDS = [
    *import_module("payments.migrations.0040_floor_deposits").KINDS,
    ("support", "support from a fund"),
]
# Ten thousand dollars at most, in whole cents; in three years at most. As a change of what stands (see 0057).
SAYS = """
DO $says$
DECLARE
    stands CONSTANT text := pg_get_functiondef('public.payments_instrument_holds(text, text, jsonb)'::regprocedure);
    says CONSTANT text := replace(stands, $old$        WHEN 'deposit' THEN about$old$,
        $new$        WHEN 'support' THEN about IN ('fund:care', 'fund:education')
            AND public.payments_named(value, 'micro', 'days')
            AND public.payments_whole(value, 'micro', 0, 10000000000) AND (value ->> 'micro')::bigint % 10000 = 0
            AND public.payments_whole(value, 'days', 1, 1096)
        WHEN 'deposit' THEN about$new$);
BEGIN
    IF says = stands THEN
        RAISE 'payments_instrument_holds says nothing of deposits beside which it could say more';
    END IF;
    EXECUTE says;
END $says$;
"""
# Common money, more of it as less of it: as a budget is voted.
NEEDED = changed(
    FLOORS.NEEDED,
    ("        WHEN 'deposit' THEN CASE", "        WHEN 'support' THEN 'N11'\n        WHEN 'deposit' THEN CASE"),
)
OURS = changed(FLOORS.OURS, ("'deposit')", "'deposit', 'support')"))
TERMS = """
CREATE FUNCTION public.payments_support_terms(of_fund text) RETURNS TABLE (micro bigint, days integer)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $terms$
    SELECT coalesce((voted.said ->> 'micro')::bigint, first.micro),
        coalesce((voted.said ->> 'days')::integer, first.days)
    FROM (VALUES ('care', 100000000::bigint, 91), ('education', 500000000, 365)) first (fund, micro, days),
        LATERAL (SELECT public.payments_in_force('support', 'fund:' || of_fund) AS said) voted
    WHERE first.fund = of_fund
$terms$;
DROP FUNCTION public.payments_support_left(bigint, text);
"""
LEFT = changed(
    SUPPORT.LEFT,
    (
        "payments_support_left(person bigint, of_fund text)",
        """payments_support_left(
    person bigint, of_fund text, micro bigint DEFAULT NULL, days integer DEFAULT NULL)""",
    ),
    (
        """    FROM (VALUES ('care', 100000000, 91), ('education', 500000000, 365)) most (fund, micro, days)
    WHERE most.fund = of_fund
""",
        """    FROM (
        SELECT coalesce(payments_support_left.micro, t.micro) AS micro,
            coalesce(payments_support_left.days, t.days) AS days
        FROM public.payments_support_terms(of_fund) t
    ) most
""",
    ),
)


class Migration(migrations.Migration):
    """Name the instrument, say what it can say, and ask it."""

    dependencies: ClassVar = [("payments", "0057_sharing")]
    operations: ClassVar = [
        migrations.AlterField("instrument", "kind", models.CharField(choices=KINDS, max_length=20)),
        migrations.RemoveConstraint("instrument", "instrument_kind_is_known"),
        migrations.AddConstraint(
            "instrument",
            models.CheckConstraint(
                condition=models.Q(("kind__in", [kind for kind, _label in KINDS])), name="instrument_kind_is_known"
            ),
        ),
        *(migrations.RunSQL(sql) for sql in (SAYS, NEEDED, OURS, TERMS, LEFT)),
        guards.Allow("payments_support_terms(text)"),
        guards.Allow("payments_support_left(bigint, text, bigint, integer)"),
    ]
