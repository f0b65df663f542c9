"""What a backslash means in a guard is not for the session to say that is guarded."""

from typing import ClassVar

from django.db import migrations

from coop.database import guards


class Migration(migrations.Migration):
    """Pin how they are read."""

    dependencies: ClassVar = [("governance", "0074_notices_stand")]
    operations: ClassVar = [
        guards.AsWritten(
            "governance_merkle_root",
            "governance_plainly",
            "guard_decision_is_the_panels",
            "guard_fold_is_the_panels_on_the_file",
        ),
    ]
