"""How many calls a key has made in the minute that runs."""

from typing import ClassVar

import django.db.models.deletion
from django.db import migrations, models

from coop.database import guards


class Migration(migrations.Migration):
    """Make the table, without a log: a count of a minute need not outlive a crash."""

    dependencies: ClassVar = [("people", "0004_address_guards")]
    operations: ClassVar = [
        migrations.CreateModel(
            name="KeyUse",
            fields=[
                ("key", models.OneToOneField(
                    on_delete=django.db.models.deletion.PROTECT, primary_key=True, related_name="use",
                    serialize=False, to="people.apikey"
                )),
                ("minute", models.BigIntegerField(help_text="Minutes since 1970.")),
                ("calls", models.PositiveIntegerField()),
            ],
        ),
        migrations.RunSQL("ALTER TABLE people_keyuse SET UNLOGGED"),
        guards.Grant("people_keyuse", "SELECT", "INSERT", "UPDATE (minute, calls)"),
    ]  # fmt: skip
