"""What a backslash means in a guard is not for the session to say that is guarded."""

from typing import ClassVar

from django.db import migrations

from coop.database import guards


class Migration(migrations.Migration):
    """Pin how they are read."""

    dependencies: ClassVar = [("record", "0009_moments_in_utc")]
    operations: ClassVar = [
        guards.AsWritten(
            "guard_leaves_follow_the_events",
        ),
    ]
