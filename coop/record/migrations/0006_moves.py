"""A person's country decides what is open to them, so that each change of it is on record, whoever makes it."""

from typing import ClassVar

from django.db import migrations

MOVES = """
CREATE FUNCTION public.record_moves() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $moves$
BEGIN
    INSERT INTO public.record_event (at, kind, subject, data)
    VALUES (public.coop_now(), 'people.moved', 'person:' || NEW.id, '{}');
    RETURN NULL;
END $moves$;
CREATE TRIGGER record_moves AFTER UPDATE OF country ON public.people_person FOR EACH ROW
    WHEN (OLD.country IS DISTINCT FROM NEW.country) EXECUTE FUNCTION public.record_moves();
ALTER TABLE public.people_person ENABLE ALWAYS TRIGGER record_moves;
"""


class Migration(migrations.Migration):
    """Install the trigger."""

    dependencies: ClassVar = [("record", "0005_checkpoints_guards"), ("people", "0004_address_guards")]
    operations: ClassVar = [migrations.RunSQL(MOVES, migrations.RunSQL.noop)]
