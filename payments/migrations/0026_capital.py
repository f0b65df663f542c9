"""Whoever has left is paid all their capital, and can be paid every cent, below the least payout too."""

from importlib import import_module
from typing import ClassVar

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import payments.money
from coop.database import guards

SURPLUS = import_module("payments.migrations.0021_surplus_guards")
CHECKING = import_module("payments.migrations.0024_checking")
DETAILS = import_module("payments.migrations.0023_payout_details_guards")

LAST = "(21, 'surplus', 'member:payable', NULL, NULL)"
POSTINGS = CHECKING.ALLOWED.replace(LAST, f"{LAST},\n        (22, 'member:capital', 'member:payable', 2, 2)")

GONE = """
CREATE FUNCTION public.payments_has_left(person bigint) RETURNS boolean LANGUAGE sql STABLE
SET search_path = pg_catalog, public, pg_temp AS $left$
    SELECT coalesce((SELECT s.status IN ('left', 'expelled') FROM public.governance_standing s
        WHERE s.person_id = person ORDER BY s.id DESC LIMIT 1), false)
$left$;
"""
OTHERWISE = "Capital is paid out whole when its member has left, and stays while they are one."
REDEEMED = f"""
    {guards.in_the_present("capital_is_paid_out_on_leaving")}
    SELECT a.balance INTO NEW.amount FROM public.payments_account a
        WHERE a.code = 'member:' || NEW.person_id || ':capital' AND a.currency = 'USD' FOR NO KEY UPDATE;
    NEW.at := public.coop_now();
    IF (NEW.amount > 0 AND public.payments_has_left(NEW.person_id)) IS NOT TRUE THEN
        {guards.refuse("capital_is_paid_out_on_leaving", OTHERWISE)}
    END IF;
    RETURN NEW;
"""
MOVED = """
        SELECT FROM posted p JOIN public.payments_account c ON c.id = p.credit_id
        LEFT JOIN public.payments_redemption r ON p.ref = 'redemption:' || r.id
        WHERE p.kind = 22 AND (
            p.amount = r.amount AND c.currency = 'USD' AND c.code = 'member:' || r.person_id || ':payable'
        ) IS NOT TRUE
"""
# As in 0023, but whoever has left is paid in whole cents, however little it is.
PAID_OUT = DETAILS.REGISTRY.PAID_OUT.replace("'rail:by_hand'", "'rail:' || NEW.rail").replace(
    "        NEW.amount >= (public.payments_in_force('payout_minimum', '') ->> 'micro')::bigint\n"
    "        AND NEW.amount % (public.payments_in_force('rounding', '') ->> 'payout_step')::bigint = 0\n",
    "        (public.payments_has_left(NEW.person_id) OR (\n"
    "            NEW.amount >= (public.payments_in_force('payout_minimum', '') ->> 'micro')::bigint\n"
    "            AND NEW.amount % (public.payments_in_force('rounding', '') ->> 'payout_step')::bigint = 0))\n",
)

# Where somebody who left is paid is kept while there is a cent to pay, or capital that becomes ready to be.
TO_ERASE = DETAILS.TO_ERASE.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION").replace(
    """a.code = 'member:' || d.person_id || ':payable'
                AND a.balance >= (public.payments_in_force('rounding', '') ->> 'payout_step')::bigint""",
    """a.code = 'member:' || d.person_id || ':payable' AND a.balance >= 10000
                OR a.code = 'member:' || d.person_id || ':capital' AND a.balance > 0""",
)


class Migration(migrations.Migration):
    """Write down each time capital is paid out, and watch it."""

    dependencies: ClassVar = [
        ("payments", "0025_new_kinds"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations: ClassVar = [
        migrations.CreateModel(
            name="Redemption",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("amount", payments.money.MoneyField(default=0)),
                ("at", models.DateTimeField()),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="redemptions",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.RunSQL(POSTINGS),
        migrations.RunSQL(GONE),
        migrations.RunSQL(TO_ERASE),
        guards.Procedure("capital_is_paid_out_on_leaving", table="payments_redemption", body=REDEEMED, definer=True),
        guards.AppendOnly("payments_redemption", otherwise="Capital that was paid out stays paid."),
        guards.Grant("payments_redemption", "SELECT", "INSERT"),
        migrations.RunSQL(SURPLUS.posted("capital_goes_to_its_member", MOVED, OTHERWISE)),
        migrations.RunSQL(
            SURPLUS.deferred(
                "redemption_is_paid",
                "payments_redemption",
                "EXISTS (SELECT FROM public.payments_transfer t WHERE t.ref = 'redemption:' || NEW.id AND t.kind = 22)",
                "Capital that is written down as paid out is paid in the same act.",
            )
        ),
        guards.Guard(
            "payouts_keep_to_the_instruments",
            table="payments_payout",
            on="INSERT OR UPDATE",
            holds=PAID_OUT,
            otherwise="The least payout, its steps, its way and its delay are what the members voted.",
            definer=True,
        ),
    ]
