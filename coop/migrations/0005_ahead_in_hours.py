"""How far a simulation is ahead is kept in hours: its time is the same whatever zone a session says that it is in."""

from typing import ClassVar

from django.db import migrations

from coop.database import guards


class Migration(migrations.Migration):
    """Count its days as they come."""

    dependencies: ClassVar = [("coop", "0004_the_clock_looks_once")]
    operations: ClassVar = [
        guards.Edited(
            "guard_clock_never_runs_back",
            ("RETURN NEW;", "NEW.ahead := make_interval(secs => extract(epoch FROM NEW.ahead));\n    RETURN NEW;"),
        ),
    ]
