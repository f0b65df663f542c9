"""A function that nothing has called since small parts are found in the box that is open already (0021)."""

from typing import ClassVar

from django.db import migrations


class Migration(migrations.Migration):
    """Drop it."""

    dependencies: ClassVar = [("governance", "0055_hidden")]
    operations: ClassVar = [migrations.RunSQL("DROP FUNCTION public.governance_small(bigint)")]
