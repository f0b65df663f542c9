"""What machines said of a task before, and what ordered answers say."""

from typing import ClassVar

from django.db import migrations, models

from coop.database import guards


class Migration(migrations.Migration):
    """Keep a prediction beside its task; scales and systems beside what answers were found to come to."""

    dependencies: ClassVar = [("tasks", "0037_content")]
    operations: ClassVar = [
        migrations.AddField("task", "prediction", models.JSONField(
            null=True, help_text="{value, model, score}: what a machine said of it before."
        )),
        migrations.AddConstraint("task", models.CheckConstraint(
            name="predictions_hold_a_value",
            condition=models.Q(
                ("prediction__isnull", True),
                models.Q(("gold__isnull", True), ("prediction__has_key", "value")),
                _connector="OR",
            ),
        )),
        migrations.AddField("estimate", "scales", models.JSONField(
            default=list, help_text="[{name, alpha, low, high}]: of each ordered scale."
        )),
        migrations.AddField("estimate", "systems", models.JSONField(
            default=list, help_text="[{system, compared, wins, low, high}], the best first."
        )),
        guards.Grant("tasks_task", "INSERT (prediction)"),
        guards.Grant("tasks_estimate", "INSERT (scales, systems)", "UPDATE (scales, systems)"),
    ]  # fmt: skip
