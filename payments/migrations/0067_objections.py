"""An objection to membership keeps no work from anybody: where it did not stand, no pay was lost by it."""

from importlib import import_module
from typing import ClassVar

from django.db import migrations

HEARINGS = import_module("payments.migrations.0014_hearings_paid")
LOST = HEARINGS.LOST.replace("CREATE VIEW", "CREATE OR REPLACE VIEW").replace(
    "r.scope <> 'mute'", "r.scope NOT IN ('mute', 'membership')"
)


class Migration(migrations.Migration):
    """Leave it out of the time that is paid back."""

    dependencies: ClassVar = [("payments", "0066_told_at_publication"), ("governance", "0061_objections")]
    operations: ClassVar = [migrations.RunSQL(LOST)]
