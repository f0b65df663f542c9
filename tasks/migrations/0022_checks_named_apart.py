"""The pay of a member's rejection is a promise with a name of its own, as every promise has."""

from typing import ClassVar

from django.db import migrations

from coop.database import guards

APART = f"""
DROP TRIGGER checks_are_paid ON public.tasks_dispute;
CREATE FUNCTION public.guard_checks_that_reject_are_paid() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $guard$
BEGIN
    IF NOT EXISTS (
        SELECT FROM public.tasks_check k JOIN public.payments_transfer t ON t.ref = 'check:' || k.id AND t.kind = 9
        WHERE k.assignment_id = NEW.assignment_id AND k.state = 'done' AND k.person_id = NEW.rejected_by_id
    ) THEN
        {guards.refuse("checks_that_reject_are_paid", "A check that rejects an answer is paid work too (E6).")}
    END IF;
    RETURN NULL;
END $guard$;
CREATE CONSTRAINT TRIGGER checks_that_reject_are_paid AFTER INSERT ON public.tasks_dispute
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.looks_for = 'peer')
    EXECUTE FUNCTION public.guard_checks_that_reject_are_paid();
ALTER TABLE public.tasks_dispute ENABLE ALWAYS TRIGGER checks_that_reject_are_paid;
"""


class Migration(migrations.Migration):
    """Give it its name."""

    dependencies: ClassVar = [("tasks", "0021_tiers")]
    operations: ClassVar = [migrations.RunSQL(APART)]
