"""A seat that ends between the two officers' words counts as well: nobody puts it down for the moment of a press."""

from typing import ClassVar

from django.db import migrations

from coop.database import guards

APART = "s.person_id IN (o.person_id, w.person_id)\n            AND s.accepted_at IS NOT NULL AND s.ended_at IS NULL)"
LINE = "AND s.accepted_at IS NOT NULL AND s.ended_at IS NULL)\n                AND upper(e.words)"


class Migration(migrations.Migration):
    """Ask who had a seat in the client at any moment since the first of the two."""

    dependencies: ClassVar = [
        ("payments", "0102_no_more_is_moved_than_lies_there"),
        ("people", "0010_seats_end_by_the_clock"),
    ]
    operations: ClassVar = [
        guards.Edited(
            "guard_deposits_are_proved_by_another",
            (APART, APART.replace("s.ended_at IS NULL", "(s.ended_at IS NULL OR s.ended_at > d.at)")),
            (
                LINE,
                LINE.replace(
                    "s.ended_at IS NULL", "(s.ended_at IS NULL OR s.ended_at > coalesce(g.given_at, b.read_at))"
                ),
            ),
        ),
        guards.Edited(
            "guard_deposits_are_recorded_in_office",
            ("isfinite(NEW.at) AND", "isfinite(NEW.at) AND NEW.at <= public.coop_now() AND"),
        ),
    ]
