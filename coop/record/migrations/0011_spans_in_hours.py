"""A span between two moments has days in it, and added to a third it is as long as the zone of the session says."""

from typing import ClassVar

from django.db import migrations

from coop.database import guards


class Migration(migrations.Migration):
    """Count its seconds."""

    dependencies: ClassVar = [("record", "0010_strings_as_written")]
    operations: ClassVar = [
        guards.Edited(
            "record_standstills",
            (
                "(coop_now() - (clock_timestamp() - latest.machine_at))",
                "(coop_now() - make_interval(secs => extract(epoch FROM clock_timestamp() - latest.machine_at)))",
            ),
        ),
        guards.InUtc("guard_checkpoint_finds_the_record_moving"),
    ]
