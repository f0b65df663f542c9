"""Files come to open jobs too, for the tasks that join after them: what members were offered stays as it was."""

from typing import ClassVar

from django.db import migrations, models

from coop.database import guards


class Migration(migrations.Migration):
    """Keep with each file from where on tasks show it, and let the database ask for it."""

    dependencies: ClassVar = [("tasks", "0068_found_by_index")]
    operations: ClassVar = [
        migrations.AddField(
            "jobfile",
            "after",
            models.PositiveIntegerField(
                default=0,
                help_text="Tasks show it whose position is above this: those that joined an open job after the file.",
            ),
        ),
        guards.Grant("tasks_jobfile", "INSERT (after)", "UPDATE (after)"),
        migrations.RunSQL(
            """
            DROP TRIGGER files_come_to_drafts ON public.tasks_jobfile;
            DROP FUNCTION public.guard_files_come_to_drafts();
            """
        ),
        guards.Guard(
            "files_come_for_later_tasks",
            table="tasks_jobfile",
            on="INSERT OR UPDATE",
            holds="""NOT NEW.usable OR (NEW.done_at IS NOT NULL AND NEW.problem IS NULL AND NEW.file <> ''
                AND EXISTS (SELECT FROM public.tasks_job j WHERE j.id = NEW.job_id AND j.closed_at IS NULL
                    AND (j.opened_at IS NULL OR NEW.after >= coalesce((SELECT t.position FROM public.tasks_task t
                        WHERE t.job_id = j.id ORDER BY t.position DESC LIMIT 1), 0)))
                AND EXISTS (SELECT FROM public.tasks_delivery d WHERE d.id = NEW.delivery_id
                    AND d.job_id = NEW.job_id))""",
            otherwise="Files are added once they were read and written again; in an open job, for later tasks.",
        ),
    ]
