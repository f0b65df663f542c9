"""Answers that a client knows beforehand, each with why: shown to whoever answered the task, afterwards."""

from django.db import models

from coop.people import privacy
from coop.people.models import Person
from coop.people.privacy import Audience
from tasks.models.work import Task


class KnownAnswer(models.Model):
    """What a client says is right for one of its tasks, and why; given while the job is a draft.

    An answer to such a task is paid like all others. It is no score, and nothing that decides reads it.
    """

    task = models.OneToOneField(Task, models.PROTECT, primary_key=True, related_name="known_answer")
    value = models.JSONField()
    why = models.TextField(max_length=2000)
    written_by = models.ForeignKey(Person, models.PROTECT, related_name="+")
    at = models.DateTimeField(null=True, editable=False)

    privacy.declare(**dict.fromkeys(("task", "value", "why", "written_by", "at"), Audience.CLIENT))

    def __str__(self) -> str:
        return f"known answer to task {self.task_id}"
