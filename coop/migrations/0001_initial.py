"""The cooperative, and its clock: the ground of every other app's guards."""

from typing import ClassVar

import django.db.models.functions
from django.db import migrations, models

from coop.database import guards

CLOCK = """
CREATE FUNCTION public.coop_now() RETURNS timestamptz LANGUAGE sql VOLATILE
BEGIN ATOMIC
    SELECT clock_timestamp() + coalesce(
        (SELECT max(ahead) FROM public.coop_clockadvance
         WHERE EXISTS (SELECT 1 FROM public.coop_cooperative WHERE simulated)),
        interval '0'
    );
END;
"""


class Migration(migrations.Migration):
    """Create both tables, the function `coop_now()` and the guards of time."""

    initial = True
    dependencies: ClassVar = []
    operations: ClassVar = [
        migrations.CreateModel(
            name="Cooperative",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=120)),
                ("simulated", models.BooleanField()),
                ("founded_at", models.DateTimeField()),
            ],
            options={
                "constraints": [models.UniqueConstraint(models.Value(1), name="one_cooperative_per_database")],
            },
        ),
        migrations.CreateModel(
            name="ClockAdvance",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("ahead", models.DurationField()),
                (
                    "advanced_at",
                    models.DateTimeField(db_default=django.db.models.functions.Now(), editable=False),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["-ahead"], name="how_far_ahead")],
            },
        ),
        migrations.RunSQL(CLOCK, migrations.RunSQL.noop),
        guards.Allow("coop_now()"),
        guards.AppendOnly("coop_cooperative", otherwise="The cooperative is founded once and never rewritten."),
        guards.Grant("coop_cooperative", "SELECT"),
        guards.AppendOnly("coop_clockadvance", otherwise="The clock's jumps are kept."),
        guards.Guard(
            "clock_runs_ahead_only_in_a_simulation",
            table="coop_clockadvance",
            holds="EXISTS (SELECT 1 FROM public.coop_cooperative WHERE simulated)",
            otherwise="Only a demonstration may let its clock run ahead.",
        ),
        guards.Guard(
            "clock_never_runs_back",
            table="coop_clockadvance",
            holds="""NEW.ahead > coalesce((SELECT max(ahead) FROM public.coop_clockadvance), interval '0')
                AND NEW.ahead < interval '5000 years'""",
            otherwise="The clock only runs ahead, and not past the calendar.",
        ),
        guards.Grant("coop_clockadvance", "SELECT", "INSERT"),
    ]
