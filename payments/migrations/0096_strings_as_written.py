"""What a backslash means in a guard is not for the session to say that is guarded."""

from typing import ClassVar

from django.db import migrations

from coop.database import guards


class Migration(migrations.Migration):
    """Pin how they are read."""

    dependencies: ClassVar = [("payments", "0095_neither_of_two_sits_there")]
    operations: ClassVar = [
        guards.AsWritten(
            "guard_deposits_are_proved_by_another",
            "payments_seal_statements",
        ),
    ]
