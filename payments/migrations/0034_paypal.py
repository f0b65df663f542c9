"""A way to be paid that members can vote open: PayPal."""

from importlib import import_module
from typing import ClassVar

from django.db import migrations

CHECKING = import_module("payments.migrations.0024_checking")
HOLDS = CHECKING.changed(
    CHECKING.SAYS,
    ("about IN ('rail:by_hand', 'rail:bank')", "about IN ('rail:by_hand', 'rail:bank', 'rail:paypal')"),
)


class Migration(migrations.Migration):
    """Let the registry say it."""

    dependencies: ClassVar = [("payments", "0033_runs_guards")]
    operations: ClassVar = [migrations.RunSQL(HOLDS)]
