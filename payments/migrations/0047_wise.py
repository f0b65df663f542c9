"""Ways to be paid that members can vote open: Wise, in one currency each."""

from importlib import import_module
from typing import ClassVar

from django.db import migrations

from coop.database import guards

CHECKING = import_module("payments.migrations.0024_checking")
BUDGETS = import_module("payments.migrations.0028_budget_guards")
EXCHANGE = import_module("payments.migrations.0043_exchange_guards")
changed, part = CHECKING.changed, CHECKING.part

HOLDS = changed(EXCHANGE.HOLDS, ("'rail:mpesa')", "'rail:mpesa', 'rail:wise_eur', 'rail:wise_gbp', 'rail:wise_inr')"))
UNIT = changed(
    part(EXCHANGE.EXCHANGED, "payments_unit"),
    (
        "CASE WHEN rail = 'mpesa' AND currency = 'KES' THEN 1000000 END",
        """CASE WHEN rail = 'mpesa' AND currency = 'KES' THEN 1000000
        WHEN currency IN ('EUR', 'GBP', 'INR') AND rail = 'wise_' || lower(currency) THEN 10000 END""",
    ),
)
STANDS = changed(
    part(EXCHANGE.EXCHANGED, "payments_rate_stands"),
    (
        "CASE rail WHEN 'mpesa' THEN\n",
        "CASE WHEN public.payments_unit(rail, wanted) IS NOT NULL THEN\n",
    ),
)
ARRIVES = changed(
    EXCHANGE.ARRIVES,
    (
        "NEW.rail IS DISTINCT FROM 'mpesa')",
        "NEW.rail IS DISTINCT FROM 'mpesa'\n            AND (NEW.rail ~ '^wise_') IS NOT TRUE)",
    ),
)
# What a service took in another currency is no dollar of the budget.
UNSPENT = changed(
    part(BUDGETS.SAYABLE, "payments_unspent"),
    (
        "FROM public.payments_transfer t\n",
        (
            "FROM public.payments_transfer t\n"
            "    JOIN public.payments_account a ON a.id = t.debit_id AND a.currency = 'USD'\n"
        ),
    ),
)


class Migration(migrations.Migration):
    """Let the registry say them, and what they pay be exchanged."""

    dependencies: ClassVar = [("payments", "0046_chargebacks")]
    operations: ClassVar = [
        *(migrations.RunSQL(sql) for sql in (HOLDS, UNIT, STANDS, UNSPENT)),
        guards.Procedure("payouts_arrive_as_quoted", table="payments_payout", body=ARRIVES, definer=True),
    ]
