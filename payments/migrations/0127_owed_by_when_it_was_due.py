"""Back pay of an appeal is owed from when it should have been decided, if it was decided later."""

from importlib import import_module
from typing import ClassVar

from django.db import migrations

OWED = (
    import_module("payments.migrations.0123_what_is_owed")
    .OWED.replace("CREATE VIEW", "CREATE OR REPLACE VIEW")
    .replace("coalesce(e.decided_at, p.decide_by)", "least(e.decided_at, p.decide_by)")
)


class Migration(migrations.Migration):
    """Count from whichever came first."""

    dependencies: ClassVar = [("payments", "0126_sent_to_who_handled_money")]
    operations: ClassVar = [migrations.RunSQL(OWED)]
