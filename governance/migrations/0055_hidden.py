"""A number of the constitution: what a client pays for each member who met what it did not name (E6, part 8)."""

from importlib import import_module
from typing import ClassVar

from django.db import migrations, models
from django.db.models import Q

BOUNDS = {**import_module("governance.migrations.0054_exposure").BOUNDS, "hidden_dollars": (1, 100)}
# Where a cooperative was founded before, it begins with the same number.
FOUNDED = """
INSERT INTO public.governance_parameter (name, version, value, published_at, applies_from, mandate_id)
SELECT 'hidden_dollars', 1, 5, p.published_at, p.applies_from, p.mandate_id
FROM public.governance_parameter p WHERE p.name = 'panel_size' AND p.version = 1
"""
PARTS = [Q(("name", name), ("value__range", bounds)) for name, bounds in BOUNDS.items()]


class Migration(migrations.Migration):
    """Let it be said, and say it."""

    dependencies: ClassVar = [("governance", "0054_exposure")]
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
