"""A seat ends at the moment at which it is ended, whatever moment the site says: who had one when is asked of money."""

from typing import ClassVar

from django.db import migrations

from coop.database import guards


class Migration(migrations.Migration):
    """Write the moment by the database's clock."""

    dependencies: ClassVar = [("people", "0009_days_in_utc")]
    operations: ClassVar = [
        guards.Edited(
            "guard_seats_end_once",
            (
                "    RETURN NEW;",
                """    IF NEW.ended_at IS NOT NULL THEN
        NEW.ended_at := public.coop_now();
    END IF;
    RETURN NEW;""",
            ),
        ),
    ]
