"""Content that members reported."""

from django.db import models

from coop.people import privacy
from coop.people.models import Person
from coop.people.privacy import Audience
from tasks.models.content import Topic
from tasks.models.work import Task


class Report(models.Model):
    """Content a member reported: illegal, upsetting beyond what the card said, or somebody's personal data."""

    task = models.ForeignKey(Task, models.PROTECT, related_name="reports")
    person = models.ForeignKey(Person, models.PROTECT, related_name="+")
    words = models.TextField(max_length=2000)
    topic = models.CharField(max_length=12, choices=Topic, blank=True, default="", db_default="")
    at = models.DateTimeField()

    privacy.declare(
        id=Audience.OFFICERS,
        task=Audience.OFFICERS,
        person=Audience.OFFICERS,
        words=Audience.OFFICERS,
        topic=Audience.OFFICERS,
        at=Audience.OFFICERS,
    )

    def __str__(self) -> str:
        return f"report on task {self.task_id}"
