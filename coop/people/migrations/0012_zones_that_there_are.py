"""Zones of before `time_zones_are_known` that there are not become UTC: the database itself reads them for alerts."""

from typing import ClassVar

from django.db import migrations

MENDED = """
DO $mend$
DECLARE
    zone text;
BEGIN
    FOR zone IN SELECT DISTINCT p.time_zone FROM public.people_person p LOOP
        BEGIN
            PERFORM timestamptz 'epoch' AT TIME ZONE zone;
        EXCEPTION WHEN invalid_parameter_value THEN
            UPDATE public.people_person SET time_zone = 'UTC' WHERE time_zone = zone;
        END;
    END LOOP;
END $mend$;
"""


class Migration(migrations.Migration):
    """Mend what is there already."""

    dependencies: ClassVar = [("people", "0011_time_zones_are_known")]
    operations: ClassVar = [migrations.RunSQL(MENDED, migrations.RunSQL.noop)]
