"""Letters say that a job is closed once it is; of an address, a secret often, a hash stays."""

from typing import ClassVar

from django.db import migrations, models

from coop.database import guards

TODAY = "(public.coop_now() AT TIME ZONE interval '0')::date"
READ = "OR NEW.done_at IS NOT NULL AND NEW.source = ''"
SAME = "(NEW.name, NEW.address) = (OLD.name, OLD.address) END"


class Migration(migrations.Migration):
    """Change two guards, and say what `bytes` counts before a file is read."""

    dependencies: ClassVar = [("tasks", "0114_files_of_drafts")]
    operations: ClassVar = [
        guards.Edited("guard_deletions_are_told_of_in_time", (
            f"NEW.about = 'soon' AND j.delete_on <= {TODAY} + 14",
            f"NEW.about = 'soon' AND j.closed_at IS NOT NULL AND j.delete_on <= {TODAY} + 14",
        )),
        guards.Edited(
            "guard_files_of_drafts_stay_with_them",
            (READ, f"{READ} AND NEW.address ~ '^([0-9a-f]{{64}})?$'"),
            (SAME, """NEW.name = OLD.name
        AND (NEW.done_at IS NOT NULL AND (NEW.address = '') = (OLD.address = '') OR NEW.address = OLD.address) END"""),
        ),
        *(
            migrations.AlterField(model, "bytes", models.PositiveIntegerField(
                default=0, help_text="Of `file`; of `source` until it is read."
            ))
            for model in ("jobfile", "sketchfile")
        ),
        migrations.AlterField("sketchfile", "address", models.CharField(
            blank=True, help_text="Where it is fetched from, if it lies elsewhere; a hash of that once it is read.",
            max_length=2000,
        )),
    ]  # fmt: skip
