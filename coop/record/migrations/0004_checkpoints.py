"""Moments at which the record moved."""

from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    """Add the table."""

    dependencies: ClassVar = [("record", "0003_the_schemas_record")]
    operations: ClassVar = [
        migrations.CreateModel(
            name="Checkpoint",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField(editable=False)),
                ("machine_at", models.DateTimeField(editable=False)),
                ("size", models.BigIntegerField(help_text="How many events had a place in the log.")),
                ("transaction", models.BigIntegerField(editable=False)),
                ("stood_still_since", models.DateTimeField(editable=False, null=True)),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("stood_still_since", None), _negated=True),
                        fields=["at"],
                        name="when_the_record_stood_still",
                    )
                ],
            },
        ),
    ]
