"""When every sign-in of an account was ended, by which those of before are worth nothing."""

from typing import ClassVar

from django.db import migrations, models

from coop.database import guards


class Migration(migrations.Migration):
    """Add it; what may set it is said where pauses are known (governance)."""

    dependencies: ClassVar = [("people", "0006_scope_of_teams")]
    operations: ClassVar = [
        migrations.AddField(
            "person",
            "signed_out_at",
            models.DateTimeField(editable=False, help_text="When every sign-in was ended (part 6).", null=True),
        ),
        guards.Grant("people_person", "INSERT (signed_out_at)", "UPDATE (signed_out_at)"),
    ]
