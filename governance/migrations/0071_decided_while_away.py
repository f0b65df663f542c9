"""Leaving shakes off no charge: a panel decides while its member is away, and what it decides holds on their return."""

from typing import ClassVar

from django.db import migrations

from coop.database import guards


class Migration(migrations.Migration):
    """Let it: who was expelled alone is beyond a panel. A candidate who left is one still, for an objection's time."""

    dependencies: ClassVar = [("governance", "0070_once_an_hour")]
    operations: ClassVar = [
        guards.Edited(
            "guard_decision_is_the_panels",
            (
                "governance_status(file.person_id) NOT IN ('candidate', 'member') THEN",
                "governance_status(file.person_id) NOT IN ('candidate', 'member', 'left') THEN",
            ),
            ("nobody_is_punished_after_leaving", "nobody_is_punished_after_expulsion"),
            ("Whoever has left is subject to no measure.", "Whoever was expelled is subject to no measure."),
        ),
        guards.Edited(
            "governance_may_be_objected_to",
            (
                "FROM public.governance_standing s WHERE s.person_id = who ORDER BY s.id DESC LIMIT 1",
                """FROM (
            SELECT b.status, public.governance_has_been(who, b.status, b.since) AS since
            FROM public.governance_standing b WHERE b.person_id = who AND b.status <> 'left'
            ORDER BY b.id DESC LIMIT 1
        ) s""",
            ),
        ),
    ]
