"""Two plain constraints in the place of one that only some databases know."""

from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    """Let a fact entitle once for each span of time, and once where there is none."""

    dependencies = [("payments", "0010_stopped")]
    operations = [
        migrations.RemoveConstraint("entitlement", "entitled_once_for_each_span"),
        migrations.AddConstraint(
            "entitlement",
            models.UniqueConstraint(
                fields=["source", "kind", "since"], condition=~Q(since=None), name="entitled_once_for_each_span"
            ),
        ),
        migrations.AddConstraint(
            "entitlement",
            models.UniqueConstraint(fields=["source", "kind"], condition=Q(since=None), name="entitled_once"),
        ),
    ]
