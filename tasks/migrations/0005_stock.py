"""Let a large delivery of tasks be counted at once, so that claims are planned for the tasks that there are."""

from django.db import migrations

from coop.database import guards

# Only the owner of a table may have it counted; this lets the site ask for that, and for nothing else.
STOCK = """
CREATE FUNCTION public.tasks_take_stock() RETURNS void LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $stock$
BEGIN
    ANALYZE public.tasks_task;
END $stock$;
"""


class Migration(migrations.Migration):
    """Add the function and let the site run it."""

    dependencies = [("tasks", "0004_wages")]
    operations = [migrations.RunSQL(STOCK), guards.Allow("tasks_take_stock()")]
