"""What a backslash means in a guard is not for the session to say that is guarded."""

from typing import ClassVar

from django.db import migrations

from coop.database import guards


class Migration(migrations.Migration):
    """Pin how they are read, and the day on which contents go."""

    dependencies: ClassVar = [("tasks", "0091_contents_are_deleted")]
    operations: ClassVar = [
        guards.InUtc("guard_contents_go_on_the_day_that_was_named", "tasks_may_delete"),
        guards.AsWritten(
            "guard_guides_change_by_versions",
            "guard_halts_begin_by_the_client",
            "guard_known_answers_come_before_the_work",
            "guard_questions_are_asked_from_a_task",
            "guard_reasons_are_said_in_office",
            "guard_rejections_say_why_and_where",
            "guard_replies_stand_in_the_guide",
            "tasks_words",
        ),
    ]
