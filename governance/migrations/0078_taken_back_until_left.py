"""A notice can be taken back until its person has left: none lies ready to send somebody away years later (D1, E11)."""

from typing import ClassVar

from django.db import migrations

from coop.database import guards

NAME = "notice_is_taken_back_in_time"
# Seven days lie between the word and the leaving at least; where the hourly act comes later, so do they.
TAKING_BACK = f"""
    {guards.in_the_present(NAME)}
    IF ROW(NEW.id, NEW.person_id, NEW.pressure, NEW.given_at, NEW.due_at)
        IS DISTINCT FROM ROW(OLD.id, OLD.person_id, OLD.pressure, OLD.given_at, OLD.due_at)
        OR OLD.taken_back_at IS NOT NULL OR public.governance_status(OLD.person_id) IN ('left', 'expelled')
    THEN
        {guards.refuse(NAME, "A notice is taken back once, until its person has left.")}
    END IF;
    NEW.taken_back_at := public.coop_now();
    RETURN NEW;
"""


class Migration(migrations.Migration):
    """Ask whether they have left, and let whoever leaves wait for whoever takes it back."""

    dependencies: ClassVar = [("governance", "0077_status_by_name")]
    operations: ClassVar = [
        guards.Procedure(NAME, table="governance_resignation", on="UPDATE", body=TAKING_BACK),
        guards.Edited(
            "guard_standing_is_lowered_only_by_mandate",
            (
                """AND g.status <> 'member' AND g.since > r.given_at)
        )""",
                """AND g.status <> 'member' AND g.since > r.given_at)
            FOR SHARE
        )""",
            ),
        ),
    ]
