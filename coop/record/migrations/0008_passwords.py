"""With another password somebody is locked out, or another let in: that one was set is on record, whoever sets it."""

from typing import ClassVar

from django.db import migrations

SET = """
CREATE FUNCTION public.record_passwords() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $set$
BEGIN
    INSERT INTO public.record_event (at, kind, subject, data)
    VALUES (public.coop_now(), 'people.password_set', 'person:' || NEW.id, '{}');
    RETURN NULL;
END $set$;
CREATE TRIGGER record_passwords AFTER UPDATE OF password ON public.people_person FOR EACH ROW
    WHEN (OLD.password IS DISTINCT FROM NEW.password) EXECUTE FUNCTION public.record_passwords();
ALTER TABLE public.people_person ENABLE ALWAYS TRIGGER record_passwords;
"""


class Migration(migrations.Migration):
    """Install the trigger."""

    dependencies: ClassVar = [("record", "0007_asked_of_its_kind"), ("people", "0007_signed_out")]
    operations: ClassVar = [migrations.RunSQL(SET, migrations.RunSQL.noop)]
