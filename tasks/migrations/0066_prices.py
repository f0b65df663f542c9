"""What is spare of a job's money is forgotten when members vote another fee or share of a check, even if it comes back.

Whoever claims between two votes takes from the job by the price of that time; a tally that finds its own price again
would not know. A slot that comes back after it was handed in is told by its answer, looked at or disputed.
"""

from typing import ClassVar

from django.db import migrations

from coop.database import guards

FORGET = """
CREATE FUNCTION public.tasks_forget_prices() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $forget$
BEGIN
    UPDATE public.tasks_tally SET spare = NULL WHERE spare IS NOT NULL;
    RETURN NULL;
END $forget$;
CREATE TRIGGER fees_are_counted_anew AFTER INSERT ON public.payments_fee
    FOR EACH ROW EXECUTE FUNCTION public.tasks_forget_prices();
ALTER TABLE public.payments_fee ENABLE ALWAYS TRIGGER fees_are_counted_anew;
CREATE TRIGGER shares_are_counted_anew AFTER INSERT ON public.payments_instrument
    FOR EACH ROW WHEN (NEW.kind = 'checking') EXECUTE FUNCTION public.tasks_forget_prices();
ALTER TABLE public.payments_instrument ENABLE ALWAYS TRIGGER shares_are_counted_anew;
"""
CHECKED = """SELECT FROM public.tasks_check k JOIN public.tasks_assignment a ON a.id = k.assignment_id
        WHERE a.task_id = NEW.id)"""
HANDED_IN = """SELECT FROM public.tasks_assignment a WHERE a.task_id = NEW.id AND a.submitted_at IS NOT NULL
        AND a.state IN ('rejected', 'left', 'skipped', 'expired'))"""


class Migration(migrations.Migration):
    """Forget what these change."""

    dependencies: ClassVar = [("tasks", "0065_joining")]
    operations: ClassVar = [
        migrations.RunSQL(FORGET),
        guards.Edited("tasks_forget_spare", (CHECKED, HANDED_IN)),
    ]
