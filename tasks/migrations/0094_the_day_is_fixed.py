"""The day on which contents go is fixed when a job opens: nobody sets one for tasks that members are at work on."""

from typing import ClassVar

from django.db import migrations

from coop.database import guards

DAY = "contents_go_on_the_day_that_was_named"
TODAY = "(public.coop_now() AT TIME ZONE 'UTC')::date"
WAS = f"""
        IF NEW.delete_on IS DISTINCT FROM OLD.delete_on THEN
            held := OLD.deleted_at IS NULL AND CASE WHEN NEW.delete_on IS NULL THEN OLD.opened_at IS NULL
                ELSE NEW.delete_on BETWEEN {TODAY} + 15 AND {TODAY} + 3660
                    AND (OLD.opened_at IS NULL OR NEW.delete_on < coalesce(OLD.delete_on, 'infinity')) END;
        END IF;"""
# Asked again when the job opens; the former job is locked, so that its own day does not move meanwhile.
IS = f"""
        IF NEW.delete_on IS DISTINCT FROM OLD.delete_on OR (OLD.opened_at IS NULL AND NEW.opened_at IS NOT NULL) THEN
            PERFORM FROM public.tasks_stage s JOIN public.tasks_job f ON f.id = s.after_id WHERE s.job_id = OLD.id
                FOR SHARE OF f;
            held := OLD.deleted_at IS NULL AND OLD.opened_at IS NULL
                AND (NEW.delete_on IS NULL OR NOT NEW.is_onboarding
                    AND NEW.delete_on BETWEEN {TODAY} + 15 AND {TODAY} + 3660
                    AND NOT EXISTS (SELECT FROM public.tasks_order o JOIN public.tasks_task t ON t.id = o.task_id
                        WHERE t.job_id = OLD.id))
                AND NOT EXISTS (SELECT FROM public.tasks_stage s JOIN public.tasks_job f ON f.id = s.after_id
                    WHERE s.job_id = OLD.id AND f.delete_on < coalesce(NEW.delete_on, 'infinity'));
        END IF;"""
# Whoever keeps the record sees which day members were told, whatever the site wrote of it.
FIXED = """
CREATE FUNCTION public.tasks_days_are_recorded() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $fixed$
BEGIN
    INSERT INTO public.record_event (at, kind, subject, data) VALUES (
        public.coop_now(), 'deletions.fixed', 'job:' || NEW.id,
        jsonb_build_object('on', NEW.delete_on)
    );
    RETURN NULL;
END $fixed$;
CREATE TRIGGER days_of_deletion_are_recorded AFTER UPDATE OF opened_at ON public.tasks_job FOR EACH ROW
    WHEN (OLD.opened_at IS NULL AND NEW.opened_at IS NOT NULL AND NEW.delete_on IS NOT NULL)
    EXECUTE FUNCTION public.tasks_days_are_recorded();
ALTER TABLE public.tasks_job ENABLE ALWAYS TRIGGER days_of_deletion_are_recorded;
"""
OWN = "An order names its own client's project, batch and task, and tries things out where they do."


class Migration(migrations.Migration):
    """Ask it of drafts alone, and keep orders and days of deletion apart."""

    dependencies: ClassVar = [("tasks", "0093_spans_in_hours"), ("record", "0011_spans_in_hours")]
    operations: ClassVar = [
        guards.Edited(
            f"guard_{DAY}",
            (WAS, IS),
            ("(NEW.delete_on IS NULL OR NEW.", "(NEW.delete_on IS NULL OR NOT NEW.is_onboarding AND NEW."),
            (
                "Contents are deleted on the day that members were told, when all is decided; not later.",
                "The day on which contents are deleted is fixed when the job opens; they go when all is decided.",
            ),
        ),
        guards.Edited(
            "guard_orders_stay_with_their_client",
            ("AND j.client_id = NEW.client_id))", "AND j.client_id = NEW.client_id AND j.delete_on IS NULL))"),
            (OWN.replace("'", "''"), OWN.replace("'", "''") + " Its job names no day of deletion."),
        ),
        migrations.RunSQL(FIXED),
    ]
