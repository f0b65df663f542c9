"""A proposal may be filed as a rival of another (P10)."""

from typing import ClassVar

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """Add the field."""

    dependencies: ClassVar = [("governance", "0035_recall_guards")]
    operations: ClassVar = [
        migrations.AddField(
            model_name="proposal",
            name="rival_of",
            field=models.ForeignKey(
                help_text="The first proposal on whose ballot it stands.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="rivals",
                to="governance.proposal",
            ),
        ),
    ]
