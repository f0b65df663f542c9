"""Pay who has left in whole cents by every way: the guard of runs is that of capital too."""

from importlib import import_module
from typing import ClassVar

from django.db import migrations

from coop.database import guards

CAPITAL = import_module("payments.migrations.0026_capital")

# As in 0026, with what 0033 added: asked once, when the payout is asked for; sent by hand or in a run.
PAID_OUT = CAPITAL.PAID_OUT.replace(
    "CASE WHEN NEW.state = 'requested' THEN", "CASE WHEN TG_OP = 'INSERT' THEN"
).replace("WHEN NEW.state = 'sent' AND", "WHEN NEW.state IN ('sending', 'sent') AND")


class Migration(migrations.Migration):
    """Install the guard that holds for both."""

    dependencies: ClassVar = [("payments", "0036_guarantee_guards")]
    operations: ClassVar = [
        guards.Guard(
            "payouts_keep_to_the_instruments",
            table="payments_payout",
            on="INSERT OR UPDATE",
            holds=PAID_OUT,
            otherwise="The least payout, its steps, its way and its delay are what the members voted.",
            definer=True,
        ),
    ]
