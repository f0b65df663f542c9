"""The words for files that are not taken stand in a module of their own."""

from typing import ClassVar

from django.db import migrations, models

SAYS = "Why it is not taken: a key of tasks.unfit.PROBLEMS, and facts."


class Migration(migrations.Migration):
    """Name it; the tables stay as they are."""

    dependencies: ClassVar = [("tasks", "0126_reading_takes_time")]
    operations: ClassVar = [
        migrations.AlterField(model, "problem", models.JSONField(help_text=SAYS, null=True))
        for model in ("jobfile", "sketchfile")
    ]
