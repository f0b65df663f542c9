"""More time for a task, once, which nobody can refuse."""

from importlib import import_module
from typing import ClassVar

import django.db.models.deletion
from django.db import migrations, models

from coop.database import guards

WORK = import_module("tasks.migrations.0002_guards")
DISPUTES = import_module("tasks.migrations.0012_disputes_guards")
changed = import_module("payments.migrations.0024_checking").changed

# The one change of the time of an open task that is none of its steps.
STEPS = changed(
    DISPUTES.STEPS,
    (
        "    IF (CASE OLD.state",
        """    IF NEW.state = OLD.state AND ROW(NEW.submitted_at, NEW.accept_by, NEW.decided_at)
            IS NOT DISTINCT FROM ROW(OLD.submitted_at, OLD.accept_by, OLD.decided_at)
        AND EXISTS (SELECT FROM public.tasks_extension e WHERE e.assignment_id = OLD.id
            AND e.from_at = OLD.expires_at AND e.until = NEW.expires_at)
    THEN
        RETURN NEW;
    END IF;
    IF (CASE OLD.state""",
    ),
)
GIVEN = f"""
    {guards.in_the_present("extensions_are_given_once")}
    SELECT a.state, a.expires_at, j.time_limit INTO lease FROM public.tasks_assignment a
        JOIN public.tasks_job j ON j.id = a.job_id WHERE a.id = NEW.assignment_id FOR NO KEY UPDATE OF a;
    NEW.at := public.coop_now();
    IF (lease.state IN ('claimed', 'sent_back') AND NEW.at < lease.expires_at) IS NOT TRUE THEN
        {guards.refuse("extensions_are_given_once", "More time is given once, to a task that is open.")}
    END IF;
    NEW.from_at := lease.expires_at;
    NEW.until := lease.expires_at + lease.time_limit;
    RETURN NEW;
"""
ADDED = """
CREATE FUNCTION public.tasks_add_time() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $add$
BEGIN
    UPDATE public.tasks_assignment SET expires_at = NEW.until WHERE id = NEW.assignment_id;
    RETURN NULL;
END $add$;
CREATE TRIGGER extensions_add_their_time AFTER INSERT ON public.tasks_extension
    FOR EACH ROW EXECUTE FUNCTION public.tasks_add_time();
ALTER TABLE public.tasks_extension ENABLE ALWAYS TRIGGER extensions_add_their_time;
"""


class Migration(migrations.Migration):
    """Make the table, let time be added by it, and in no other way."""

    dependencies: ClassVar = [("tasks", "0042_machines")]
    operations: ClassVar = [
        migrations.CreateModel(
            name="Extension",
            fields=[
                (
                    "assignment",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="extension",
                        serialize=False,
                        to="tasks.assignment",
                    ),
                ),
                (
                    "from_at",
                    models.DateTimeField(editable=False, help_text="When the task would have expired.", null=True),
                ),
                ("until", models.DateTimeField(editable=False, null=True)),
                ("at", models.DateTimeField(editable=False, null=True)),
            ],
        ),
        guards.Procedure(
            "extensions_are_given_once", table="tasks_extension", declare="lease record;", body=GIVEN, definer=True
        ),
        guards.AppendOnly("tasks_extension", otherwise="Time that was given stays given."),
        guards.Grant("tasks_extension", "SELECT", "INSERT"),
        guards.Procedure(
            "assignment_moves_forward",
            table="tasks_assignment",
            declare=WORK.STEPS_KNOWN,
            body=STEPS,
            on="UPDATE",
            definer=True,
        ),
        migrations.RunSQL(ADDED),
    ]
