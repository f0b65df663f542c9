"""Seven days are 168 hours, whatever zone a session says that it is in."""

from typing import ClassVar

from django.db import migrations

from coop.database import guards


class Migration(migrations.Migration):
    """Pin it."""

    dependencies: ClassVar = [("people", "0008_keys_by_compartment")]
    operations: ClassVar = [guards.InUtc("guard_address_changes_after_seven_days")]
