"""A key may make keys and offer seats, if it is made for that."""

from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    """Say so where the field says what stands in it."""

    dependencies: ClassVar = [("people", "0005_key_use")]
    operations: ClassVar = [
        migrations.AlterField(
            "apikey",
            "scopes",
            models.JSONField(default=list, help_text="Any of read, post, fund, download, team; or test alone."),
        ),
    ]
