"""Who may write down what the schema is, is asked of such an event alone."""

from typing import ClassVar

from django.db import migrations

OF_ITS_KIND = """
CREATE OR REPLACE TRIGGER schema_is_recorded_by_its_owner BEFORE INSERT ON public.record_event
    FOR EACH ROW WHEN (NEW.kind = 'schema.recorded') EXECUTE FUNCTION public.guard_schema_is_recorded_by_its_owner();
ALTER TABLE public.record_event ENABLE ALWAYS TRIGGER schema_is_recorded_by_its_owner;
"""


class Migration(migrations.Migration):
    """Leave out of every event a question about one kind."""

    dependencies: ClassVar = [("record", "0006_moves")]
    operations: ClassVar = [migrations.RunSQL(OF_ITS_KIND)]
