"""A span between two moments has days in it, and added to a third it is as long as the zone of the session says."""

from typing import ClassVar

from django.db import migrations

from coop.database import guards

AWAY = "sum((away.until - GREATEST(away.since, governance_ends.begins)))"
DRAW = "(panel).reveal_by - (panel).commit_by"


class Migration(migrations.Migration):
    """Count its seconds: of the lost time that a vote is given back, of half a draw, of a vote that went on."""

    dependencies: ClassVar = [("governance", "0075_strings_as_written")]
    operations: ClassVar = [
        guards.Edited(
            "governance_ends",
            (
                f"LEAST(COALESCE({AWAY}, '00:00:00'::interval), '168:00:00'::interval)",
                f"make_interval(secs => LEAST(COALESCE(extract(epoch FROM {AWAY}), 0), 604800))",
            ),
        ),
        guards.Edited(
            "governance_member_by",
            (f"(({DRAW}) / (2)::double precision)", f"make_interval(secs => extract(epoch FROM {DRAW}) / 2)"),
        ),
        guards.InUtc(
            "guard_mandate_needs_a_passed_vote",
            "guard_office_is_given_by_an_election",
            "guard_restriction_follows_a_decision",
        ),
    ]
