"""The clock's function is called, and no longer unfolded into each statement first only to find that it cannot be."""

from typing import ClassVar

from django.db import migrations

# A function with a setting of its own is never unfolded; its tables are bound by number, whatever the path says.
CALLED = "ALTER FUNCTION public.coop_now() SET search_path = pg_catalog, public, pg_temp"


class Migration(migrations.Migration):
    """Leave out of the planning of every statement with the time in it what took as long as its parsing."""

    dependencies: ClassVar = [("coop", "0002_third_party_rights")]
    operations: ClassVar = [migrations.RunSQL(CALLED)]
