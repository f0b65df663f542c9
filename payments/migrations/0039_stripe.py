"""A way to be paid that members can vote open: Stripe."""

from importlib import import_module
from typing import ClassVar

from django.db import migrations

CHECKING = import_module("payments.migrations.0024_checking")
HOLDS = CHECKING.changed(
    import_module("payments.migrations.0034_paypal").HOLDS, ("'rail:paypal')", "'rail:paypal', 'rail:stripe')")
)


class Migration(migrations.Migration):
    """Let the registry say it."""

    dependencies: ClassVar = [("payments", "0038_shares")]
    operations: ClassVar = [migrations.RunSQL(HOLDS)]
