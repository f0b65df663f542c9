"""What the reading of a file took is noted: all that came together may take two hours of it."""

from typing import ClassVar

from django.db import migrations, models

from coop.database import guards

TOOK = "Milliseconds for which a machine was at reading it."


class Migration(migrations.Migration):
    """Give both kinds of files a column of their own for it."""

    dependencies: ClassVar = [("tasks", "0125_asked_as_voted")]
    operations: ClassVar = [
        *(
            migrations.AddField(model, "took", models.PositiveIntegerField(default=0, help_text=TOOK))
            for model in ("jobfile", "sketchfile")
        ),
        guards.Grant("tasks_jobfile", "INSERT (took)", "UPDATE (took)"),
        guards.Grant("tasks_sketchfile", "INSERT (took)", "UPDATE (took)"),
    ]
