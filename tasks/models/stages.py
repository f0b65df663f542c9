"""Stages: a job whose tasks are made from what another job's answers came to, and who keeps apart from whom."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from coop.people import privacy
from coop.people.models import Person
from coop.people.privacy import Audience
from tasks.models.work import Assignment, Job, Task


class Takes(models.TextChoices):
    """What of the stage before becomes a task."""

    EACH = "each", _("Each accepted answer by itself")
    SPLIT = "split", _("Each task whose answers do not agree, with what was answered")
    WHOLE = "whole", _("Each task once, with all its accepted answers")


class Stage(models.Model):
    """A job that follows another one of its client. It keeps its own rate, pay, money, overlap and checks.

    `carries` names the parts of an answer that a task shows, by the name the next kind knows: {"steps": "steps.text"}.
    """

    job = models.OneToOneField(Job, models.PROTECT, primary_key=True, related_name="stage")
    after = models.ForeignKey(Job, models.PROTECT, related_name="next_stages")
    takes = models.CharField(max_length=5, choices=Takes)
    carries = models.JSONField()
    apart_from_all = models.BooleanField(
        default=True, help_text="Nobody who answered at any stage before; else only not at the one before."
    )
    written_by = models.ForeignKey(Person, models.PROTECT, related_name="+")
    at = models.DateTimeField(null=True, editable=False)

    privacy.declare(
        **dict.fromkeys(("job", "after", "takes", "carries", "apart_from_all", "at"), Audience.PUBLIC),
        written_by=Audience.CLIENT,
    )

    def __str__(self) -> str:
        return f"job {self.job_id} after job {self.after_id}"


class HandOver(models.Model):
    """What became of a settled task, or of one answer to it, at the next stage: a task, or none with the problem.

    Neither task nor problem: the answers agree, and nothing is left to decide. The database alone writes it, once.
    """

    stage = models.ForeignKey(Stage, models.PROTECT, related_name="arrivals", db_index=False)
    source = models.ForeignKey(Task, models.PROTECT, related_name="handed_on")
    assignment = models.ForeignKey(Assignment, models.PROTECT, null=True, related_name="handed_on")
    task = models.OneToOneField(Task, models.PROTECT, null=True, related_name="origin")
    problem = models.TextField(blank=True, help_text="Why the next kind of answer cannot show it.")
    at = models.DateTimeField(null=True, editable=False)

    privacy.declare(**dict.fromkeys(("id", "stage", "source", "assignment", "task", "problem", "at"), Audience.PARTIES))

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["stage", "assignment"], name="each_answer_is_handed_on_once"),
            models.UniqueConstraint(
                fields=["stage", "source"], condition=models.Q(assignment=None), name="each_task_is_handed_on_once"
            ),
        ]

    def __str__(self) -> str:
        return f"task {self.source_id} at stage {self.stage_id}"


class Apart(models.Model):
    """Who answered `source` takes no answer to `task`, and the other way round. The database alone writes it."""

    task = models.ForeignKey(Task, models.PROTECT, related_name="apart_from", db_index=False)
    source = models.ForeignKey(Task, models.PROTECT, related_name="+")

    privacy.declare(**dict.fromkeys(("id", "task", "source"), Audience.PARTIES))

    class Meta:
        constraints = [models.UniqueConstraint(fields=["task", "source"], name="one_distance_per_pair")]

    def __str__(self) -> str:
        return f"task {self.task_id} apart from {self.source_id}"
