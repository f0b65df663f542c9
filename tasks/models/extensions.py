"""More time for a task, once, for the asking."""

from django.db import models

from coop.people import privacy
from coop.people.privacy import Audience
from tasks.models.work import Assignment


class Extension(models.Model):
    """One more time limit for one open task. The database says from when until when; nobody can refuse it."""

    assignment = models.OneToOneField(Assignment, models.PROTECT, primary_key=True, related_name="extension")
    from_at = models.DateTimeField(null=True, editable=False, help_text="When the task would have expired.")
    until = models.DateTimeField(null=True, editable=False)
    at = models.DateTimeField(null=True, editable=False)

    privacy.declare(**dict.fromkeys(("assignment", "from_at", "until", "at"), Audience.PARTIES))

    def __str__(self) -> str:
        return f"extension of assignment {self.assignment_id}"
