"""How often a file of a version was begun is kept, and why it was not made: what fails is not made for ever."""

from typing import ClassVar

from django.db import migrations, models

from coop.database import guards

OF_THE_MAKING = "'{asked_at,used_at,place,bytes,digest,finished_at}'::text[]"
NOT_MADE = "'{asked_at,used_at,place,bytes,digest,finished_at,tries,failed_at,failure}'::text[]"
EMPTIED = "SET asked_at = NULL, finished_at = NULL, digest = '', bytes = 0, place = 0"


class Migration(migrations.Migration):
    """Add the columns; who empties a row empties them, too."""

    dependencies: ClassVar = [("tasks", "0131_files_of_versions")]
    operations: ClassVar = [
        migrations.AddField("releasefile", "tries", models.PositiveSmallIntegerField(
            db_default=0, default=0, help_text="How often it was begun."
        )),
        migrations.AddField("releasefile", "failed_at", models.DateTimeField(
            help_text="Nothing once it is asked for anew.", null=True
        )),
        migrations.AddField("releasefile", "failure", models.CharField(
            choices=[("room", "no room of the client's"), ("disk", "no room on disk"), ("fault", "a fault")],
            blank=True, db_default="", default="", max_length=5,
        )),
        migrations.AddConstraint("releasefile", models.CheckConstraint(
            name="files_of_versions_fail_for_a_reason",
            condition=models.Q(
                models.Q(("failed_at", None), ("failure", "")),
                models.Q(("asked_at__isnull", False), ("failed_at__isnull", False),
                         ("failure__in", ["room", "disk", "fault"]), ("finished_at", None)),
                _connector="OR",
            ),
        )),
        guards.Grant(
            "tasks_releasefile", "SELECT", "INSERT",
            "UPDATE (asked_at, used_at, place, bytes, digest, finished_at, tries, failed_at, failure)",
        ),
        guards.Edited("guard_files_of_versions_stay_as_made", (OF_THE_MAKING, NOT_MADE)),
        guards.Edited("tasks_delete_files", (EMPTIED, f"{EMPTIED}, tries = 0, failed_at = NULL, failure = ''")),
    ]  # fmt: skip
