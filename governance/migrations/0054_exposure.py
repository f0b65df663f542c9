"""A number of the constitution: for how many minutes of 24 hours anybody may work at what may upset (E6, part 8)."""

from typing import ClassVar

from django.db import migrations, models
from django.db.models import Q

BOUNDS = {
    "petition_share": (300, 3000),
    "petition_most": (10, 500),
    "support_share": (0, 300),
    "support_most": (5, 200),
    "panel_size": (5, 11),
    "reply_days": (15, 60),
    "candidate_days": (0, 90),
    "emergency_hours": (1, 72),
    "cuts_in_a_year": (0, 4500),
    "exposure_minutes": (15, 240),
}
# Where a cooperative was founded before, it begins with the same number.
FOUNDED = """
INSERT INTO public.governance_parameter (name, version, value, published_at, applies_from, mandate_id)
SELECT 'exposure_minutes', 1, 120, p.published_at, p.applies_from, p.mandate_id
FROM public.governance_parameter p WHERE p.name = 'panel_size' AND p.version = 1
"""
PARTS = [Q(("name", name), ("value__range", bounds)) for name, bounds in BOUNDS.items()]


class Migration(migrations.Migration):
    """Let it be said, and say it."""

    dependencies: ClassVar = [("governance", "0053_turns_among_options")]
    operations: ClassVar = [
        migrations.AlterField(
            "parameter", "name", models.CharField(choices=[(name, name) for name in BOUNDS], max_length=20)
        ),
        migrations.RemoveConstraint("parameter", "parameter_within_bounds"),
        migrations.AddConstraint(
            "parameter", models.CheckConstraint(condition=Q(*PARTS, _connector="OR"), name="parameter_within_bounds")
        ),
        migrations.RunSQL(FOUNDED, migrations.RunSQL.noop),
    ]
