"""The zone that somebody's times are shown in is one that there is.

By one that is none, their every page failed; and so did the letters, and the alerts about a job, of all the others.
"""

from typing import ClassVar

from django.db import migrations

from coop.database import guards

NAME = "time_zones_are_known"
BODY = f"""
    IF TG_OP = 'UPDATE' THEN
        IF NEW.time_zone = OLD.time_zone THEN
            RETURN NEW;
        END IF;
    END IF;
    BEGIN
        PERFORM timestamptz 'epoch' AT TIME ZONE NEW.time_zone;
    EXCEPTION WHEN invalid_parameter_value THEN
        {guards.refuse(NAME, "A person's time zone is one that is known.")}
    END;
    RETURN NEW;
"""


class Migration(migrations.Migration):
    """Look it up, in no zone that a session made up."""

    dependencies: ClassVar = [("people", "0010_seats_end_by_the_clock")]
    operations: ClassVar = [
        guards.Procedure(NAME, table="people_person", on="INSERT OR UPDATE", body=BODY),
        guards.InUtc(f"guard_{NAME}"),
    ]
