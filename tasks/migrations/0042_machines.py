"""What a client asked a machine to do, and which tasks it put in front."""

from typing import ClassVar

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from coop.database import guards

# The machine guesses before anybody was offered the task, never over what a client brought.
UNASKED = "A machine guesses before anybody was offered the task, as its client chose."
GUESSING = f"""
    {guards.in_the_present("predictions_come_before_work")}
    IF (
        (NEW.turn IS NOT DISTINCT FROM OLD.turn OR EXISTS (
            SELECT FROM public.tasks_machine m WHERE m.job_id = NEW.job_id AND (m.orders OR NEW.turn IS NULL)))
        AND (NEW.prediction IS NOT DISTINCT FROM OLD.prediction OR (
            EXISTS (SELECT FROM public.tasks_machine m WHERE m.job_id = NEW.job_id AND m.shows)
            AND NEW.prediction ->> 'model' = 'Workhall baseline'
            AND (OLD.prediction IS NULL OR OLD.prediction ->> 'model' = 'Workhall baseline')
            AND NOT EXISTS (SELECT FROM public.tasks_assignment a WHERE a.task_id = NEW.id)))
    ) IS NOT TRUE THEN
        {guards.refuse("predictions_come_before_work", UNASKED)}
    END IF;
    RETURN NEW;
"""
CHOOSING = f"""
    IF TG_OP = 'UPDATE' AND ROW(NEW.orders, NEW.shows, NEW.asked_by_id, NEW.asked_at)
        IS NOT DISTINCT FROM ROW(OLD.orders, OLD.shows, OLD.asked_by_id, OLD.asked_at)
    THEN
        RETURN NEW;
    END IF;
    {guards.in_the_present("machines_are_chosen_before_work")}
    IF NOT EXISTS (
        SELECT FROM public.tasks_job j WHERE j.id = NEW.job_id AND j.opened_at IS NULL AND j.closed_at IS NULL
            AND NOT j.is_onboarding
    ) THEN
        {guards.refuse("machines_are_chosen_before_work", "What a machine does is said before a job opens.")}
    END IF;
    RETURN NEW;
"""


class Migration(migrations.Migration):
    """Make the table, the order, and what keeps both within what was chosen."""

    dependencies: ClassVar = [("tasks", "0041_scale_guards"), migrations.swappable_dependency(settings.AUTH_USER_MODEL)]
    operations: ClassVar = [
        migrations.CreateModel(
            name="Machine",
            fields=[
                ("job", models.OneToOneField(
                    on_delete=django.db.models.deletion.PROTECT, primary_key=True, related_name="machine",
                    serialize=False, to="tasks.job",
                )),
                ("orders", models.BooleanField(help_text="Whether the tasks it doubts most come first.")),
                ("shows", models.BooleanField(help_text="Whether members start from its guess.")),
                ("asked_at", models.DateTimeField()),
                ("learned", models.PositiveIntegerField(
                    default=0, help_text="How many answers were accepted when it was taught."
                )),
                ("tried", models.PositiveIntegerField(default=0)),
                ("agreed", models.PositiveIntegerField(default=0)),
                ("at", models.DateTimeField(help_text="When it was taught last.", null=True)),
                ("asked_by", models.ForeignKey(
                    null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+",
                    to=settings.AUTH_USER_MODEL,
                )),
            ],
        ),
        migrations.AddField("task", "turn", models.PositiveIntegerField(
            help_text="Its place among those that a machine put in front.", null=True
        )),
        migrations.AddIndex("task", models.Index(
            condition=models.Q(("open_slots__gt", 0), ("turn__isnull", False)), fields=["job", "turn"],
            name="tasks_in_front",
        )),
        guards.Guard(
            "open_slots_follow_assignments",
            table="tasks_task",
            on="UPDATE",
            holds="""(current_user <> 'workhall_web' OR NEW.open_slots = OLD.open_slots)
                AND to_jsonb(NEW) - '{open_slots,turn,prediction}'::text[]
                    = to_jsonb(OLD) - '{open_slots,turn,prediction}'::text[]""",
            otherwise="Open slots are counted by the database; the rest of a task never changes.",
        ),
        guards.Procedure(
            "predictions_come_before_work", table="tasks_task", body=GUESSING, on="UPDATE OF turn, prediction",
            definer=True,
        ),
        guards.Procedure(
            "machines_are_chosen_before_work", table="tasks_machine", body=CHOOSING, on="INSERT OR UPDATE",
            definer=True,
        ),
        guards.Grant("tasks_task", "INSERT (turn)", "UPDATE (turn, prediction)"),
        guards.Grant(
            "tasks_machine", "SELECT", "INSERT",
            "UPDATE (orders, shows, asked_by_id, asked_at, learned, tried, agreed, at)",
        ),
    ]  # fmt: skip
