"""When a task was worked at; and a way to a week's answers without reading all years."""

from typing import ClassVar

import django.db.models.deletion
from django.contrib.postgres.indexes import BrinIndex
from django.db import migrations, models


class Migration(migrations.Migration):
    """Make the table and the index."""

    dependencies: ClassVar = [("tasks", "0023_statements")]
    operations: ClassVar = [
        migrations.CreateModel(
            name="Span",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("from_at", models.DateTimeField()),
                ("to_at", models.DateTimeField()),
                ("told", models.BooleanField(default=False)),
                ("noted_at", models.DateTimeField()),
                (
                    "assignment",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="spans",
                        to="tasks.assignment",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("assignment", "noted_at"), name="one_span_at_a_moment"),
                    models.CheckConstraint(
                        condition=models.Q(("to_at__gt", models.F("from_at"))), name="spans_have_a_length"
                    ),
                ]
            },
        ),
        migrations.AddIndex(model_name="answer", index=BrinIndex(fields=["at"], name="answers_by_time")),
    ]
