"""Nothing is deleted of which nobody was told a week before: a day may be named by whoever got hold of a key."""

from typing import ClassVar

import django.db.models.deletion
from django.db import migrations, models

from coop.database import guards

TODAY = "(public.coop_now() AT TIME ZONE interval '0')::date"
NAME = "deletions_are_told_of_in_time"
BODY = f"""
    {guards.in_the_present(NAME)}
    NEW.at := public.coop_now();
    IF EXISTS (SELECT FROM public.tasks_job j WHERE j.id = NEW.job_id AND j.opened_at IS NOT NULL
        AND j.deleted_at IS NULL AND j.delete_on IS NOT NULL
        AND (NEW.about = 'fixed' OR NEW.about = 'soon' AND j.delete_on <= {TODAY} + 14)) IS NOT TRUE THEN
        {guards.refuse(NAME, "Letters tell of the day of deletion when the job is open, and two weeks before it.")}
    END IF;
    RETURN NEW;
"""
DUE = "WHERE j.id = job AND j.opened_at IS NOT NULL AND j.delete_on"
TOLD = """WHERE j.id = job AND EXISTS (SELECT FROM public.tasks_forewarning w WHERE w.job_id = j.id
                AND w.about = 'soon' AND w.at <= public.coop_now() - interval '168 hours')
            AND j.opened_at IS NOT NULL AND j.delete_on"""


class Migration(migrations.Migration):
    """Keep what was told, and ask for it before contents go."""

    dependencies: ClassVar = [("tasks", "0112_what_is_seldom_posted")]
    operations: ClassVar = [
        migrations.CreateModel(
            name="Forewarning",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("about", models.CharField(
                    choices=[
                        ("fixed", "That the job opened with a day of deletion"), ("soon", "That the day is near"),
                    ],
                    max_length=5,
                )),
                ("at", models.DateTimeField(editable=False, null=True)),
                ("job", models.ForeignKey(
                    db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="forewarnings",
                    to="tasks.job",
                )),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("job", "about"), name="told_of_deletion_once"),
                ],
            },
        ),
        guards.Procedure(NAME, table="tasks_forewarning", body=BODY, definer=True),
        guards.AppendOnly("tasks_forewarning", otherwise="What was told was told."),
        guards.Grant("tasks_forewarning", "SELECT", "INSERT"),
        guards.Edited("tasks_may_delete", (DUE, TOLD)),
    ]  # fmt: skip
