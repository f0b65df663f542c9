"""The files that versions of data sets go home in are made once, and kept while somebody takes them."""

from typing import ClassVar

import django.db.models.deletion
from django.db import migrations, models

from coop.database import guards

GUARD = "files_of_versions_stay_as_made"
OF_THE_MAKING = "'{asked_at,used_at,place,bytes,digest,finished_at}'::text[]"
EMPTY = "asked_at IS NULL AND {row}finished_at IS NULL AND {row}digest = '' AND {row}bytes = 0 AND {row}place = 0"
STAYS = f"""
    {guards.in_the_present(GUARD)}
    held := CASE WHEN TG_OP = 'INSERT' THEN NEW.finished_at IS NULL
            WHEN OLD.finished_at IS NULL OR NEW.{EMPTY.format(row="NEW.")}
                THEN to_jsonb(NEW) - {OF_THE_MAKING} = to_jsonb(OLD) - {OF_THE_MAKING}
            ELSE to_jsonb(NEW) - 'used_at' = to_jsonb(OLD) - 'used_at' END
        AND (NEW.{EMPTY.format(row="NEW.")} OR EXISTS (
            SELECT FROM public.tasks_release r JOIN public.tasks_job j ON j.id = r.job_id
            WHERE r.id = NEW.release_id AND r.finished_at IS NOT NULL AND j.deleted_at IS NULL
        ));
    IF held IS NOT TRUE THEN
        {
    guards.refuse(
        GUARD, "A file is made of a version that is whole, and stays until it is forgotten; none of a deleted job."
    )
}
    END IF;
    RETURN NEW;
"""
HELD = """EXISTS (SELECT FROM public.tasks_releasefile m JOIN public.tasks_release r ON r.id = m.release_id
            WHERE r.job_id = job AND m.asked_at IS NOT NULL)"""
FORGOTTEN = """BEGIN
    UPDATE public.tasks_releasefile m SET asked_at = NULL, finished_at = NULL, digest = '', bytes = 0, place = 0
        FROM public.tasks_release r WHERE r.id = m.release_id AND r.job_id = job AND m.asked_at IS NOT NULL
        AND EXISTS (SELECT FROM public.tasks_job j WHERE j.id = job AND j.deleted_at IS NOT NULL);
"""


class Migration(migrations.Migration):
    """Make the table; what deletes a job's contents empties its rows."""

    dependencies: ClassVar = [("tasks", "0130_answers_counted_once")]
    operations: ClassVar = [
        migrations.CreateModel(
            name="ReleaseFile",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(help_text="Of its format.", max_length=40)),
                ("asked_at", models.DateTimeField(help_text="Nothing where it is forgotten.", null=True)),
                ("used_at", models.DateTimeField(help_text="When it was taken last, to the day.")),
                ("place", models.PositiveIntegerField(
                    default=0, help_text="How many parts of the version were read for it."
                )),
                ("bytes", models.BigIntegerField(default=0)),
                ("digest", models.CharField(blank=True, help_text="Its SHA-256.", max_length=64)),
                ("finished_at", models.DateTimeField(null=True)),
                ("release", models.ForeignKey(
                    db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="files",
                    to="tasks.release"
                )),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("release", "name"), name="one_file_per_version_and_format"),
                    models.CheckConstraint(
                        name="finished_files_of_versions_have_a_digest",
                        condition=models.Q(
                            models.Q(("digest", ""), ("finished_at", None)),
                            models.Q(("asked_at__isnull", False), ("digest__regex", "^[0-9a-f]{64}$"),
                                     ("finished_at__isnull", False)),
                            _connector="OR",
                        ),
                    ),
                ],
            },
        ),
        migrations.AddIndex("releasefile", models.Index(fields=["used_at"], name="files_of_versions_by_use")),
        guards.Procedure(
            GUARD, table="tasks_releasefile", on="INSERT OR UPDATE", declare="held boolean;", body=STAYS, definer=True
        ),
        guards.Compartment(
            "tasks_releasefile", "EXISTS (SELECT FROM public.tasks_release above WHERE above.id = release_id)"
        ),
        guards.NeverDeleted("tasks_releasefile", otherwise="What was made of a version is forgotten, its row kept."),
        guards.Grant(
            "tasks_releasefile", "SELECT", "INSERT", "UPDATE (asked_at, used_at, place, bytes, digest, finished_at)"
        ),
        guards.Edited("tasks_holds_contents", ("SELECT EXISTS (", f"SELECT {HELD}\n        OR EXISTS (")),
        guards.Edited("tasks_delete_files", ("BEGIN\n", FORGOTTEN)),
    ]  # fmt: skip
