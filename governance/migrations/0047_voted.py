"""A letter to everybody in whose name a ballot was counted."""

from typing import ClassVar

from django.db import migrations, models

KINDS = [
    ("digest", "What is new"),
    ("reminder", "Reminder of a vote"),
    ("last_day", "Reminder in its last day"),
    ("voted", "Your ballot was in the box"),
]


class Migration(migrations.Migration):
    """Let letters be of one kind more."""

    dependencies: ClassVar = [("governance", "0046_working_days")]
    operations: ClassVar = [
        migrations.RemoveConstraint(model_name="letter", name="letter_kind_is_known"),
        migrations.AlterField(model_name="letter", name="kind", field=models.CharField(choices=KINDS, max_length=8)),
        migrations.AddConstraint(
            model_name="letter",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", [kind for kind, _words in KINDS])), name="letter_kind_is_known"
            ),
        ),
    ]
