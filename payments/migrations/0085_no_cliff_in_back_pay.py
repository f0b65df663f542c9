"""Back pay follows from the most of three averages; who earned a cent in a year has a cent's still (7.10)."""

from importlib import import_module
from typing import ClassVar

from django.db import migrations, models

from coop.database import guards

PARTS = import_module("payments.migrations.0068_back_pay").PARTS
# What stands for the 13 weeks before a loss, the most of three: what somebody's work of them was paid; a quarter of
# what that of 52 weeks was; and what those who did the same work earned, for the part of the 13 weeks before their
# first work, or for all where a year had none. Edition 2 asked the third of who had earned nothing, else the first.
AVERAGE = """
CREATE FUNCTION public.payments_average_before(who bigint, began timestamptz, known timestamptz, edition integer)
RETURNS TABLE (basis text, amount numeric) LANGUAGE sql STABLE
SET search_path = pg_catalog, public, pg_temp AS $average$
    WITH own AS (
        SELECT public.payments_earned(who, began - interval '91 days', began, known, true) AS quarter,
            CASE WHEN edition > 2 THEN public.payments_earned(who, began - interval '364 days', began, known, true)
                ELSE 0 END AS year
    ), part AS (
        SELECT o.*, CASE WHEN o.quarter = 0 AND o.year = 0 THEN 1 WHEN edition > 2 THEN greatest(0, (
            SELECT extract(epoch FROM min(coalesce(d.at, t.posted_at)) - began) / 7862400 + 1
            FROM public.payments_account c JOIN public.payments_transfer t ON t.credit_id = c.id
            LEFT JOIN public.payments_done_at d
                ON d.assignment_id = substring(t.ref FROM '^assignment:([0-9]{1,18})$')::bigint
            WHERE c.code = 'member:' || who || ':payable' AND c.currency = 'USD' AND t.posted_at <= known
                AND t.kind IN (5, 9, 10, 11, 24, 26, 28, 31) AND coalesce(d.at, t.posted_at) < began
        )) ELSE 0 END AS new FROM own o
    )
    SELECT said.basis, said.amount FROM part p CROSS JOIN LATERAL (
        VALUES (1, 'own', p.quarter), (2, 'year', p.year / 4), (3, 'peers', CASE WHEN p.new > 0 THEN p.new
            * public.payments_peers_earned(who, began - interval '91 days', began) ELSE 0 END)
    ) said (place, basis, amount)
    ORDER BY said.amount DESC, said.place LIMIT 1
$average$;
"""
STOOD = """    ), own AS (
        SELECT public.payments_earned(me.person_id, began.at - interval '91 days', began.at, paid.at, true) AS amount
        FROM me, began, paid
    ), average AS (
        SELECT own.amount = 0 AS by_peers, CASE WHEN own.amount > 0 THEN own.amount ELSE
            public.payments_peers_earned(me.person_id, began.at - interval '91 days', began.at) END AS amount
        FROM me, began, own
    ), spans"""
NOW = """    ), average AS (
        SELECT a.basis, a.amount FROM me, began, paid
        CROSS JOIN LATERAL public.payments_average_before(me.person_id, began.at, paid.at, paid.edition) a
    ), spans"""
# What was paid is worked out by the sum it was found by.
CHANGES = (
    (STOOD, NOW),
    ("by_peers boolean,", "basis text,"),
    ("average.by_peers,", "average.basis,"),
    ("coalesce(max(e.at), public.coop_now()) AS at\n",
     "coalesce(max(e.at), public.coop_now()) AS at,\n            coalesce(max(e.edition), 3)::integer AS edition\n"),
)  # fmt: skip
SAID = "By which sum back pay was found; 1 before decision 0186, 2 by it, 3 by decision 0192."


def changed() -> str:
    """Return the function of before with the changes, each of which must be found."""
    made: str = PARTS.partition("CREATE OR REPLACE FUNCTION public.payments_back_pay(")[0]
    for old, new in CHANGES:
        if old not in made:
            message = f"not found in payments_back_pay_parts: {old}"
            raise ValueError(message)
        made = made.replace(old, new)
    return "DROP FUNCTION public.payments_back_pay_parts(text);" + made


class Migration(migrations.Migration):
    """Find the average by one function, and keep what was paid by the one before."""

    dependencies: ClassVar = [("payments", "0084_fewer_than_five")]
    operations: ClassVar = [
        migrations.RunSQL(AVERAGE),
        migrations.RunSQL(changed()),
        guards.Allow("payments_back_pay_parts(text)"),
        guards.Allow("payments_average_before(bigint, timestamptz, timestamptz, integer)"),
        migrations.AlterField(
            "entitlement",
            "edition",
            models.PositiveSmallIntegerField(db_default=3, editable=False, help_text=SAID),
        ),
        guards.Edited("guard_entitlement_is_what_the_facts_say", ("NEW.edition := 2;", "NEW.edition := 3;")),
    ]
