"""The site asks for somebody's latest standing by one name, as the guards do."""

from typing import ClassVar

from django.db import migrations

from coop.database import guards


class Migration(migrations.Migration):
    """Let the web role ask."""

    dependencies: ClassVar = [("governance", "0076_spans_in_hours")]
    operations: ClassVar = [guards.Allow("governance_status(bigint)")]
