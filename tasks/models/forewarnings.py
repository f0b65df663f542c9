"""What was told of the day on which a job's contents are deleted, and when."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from coop.people import privacy
from coop.people.privacy import Audience
from tasks.models.work import Job


class Forewarned(models.TextChoices):
    """Of what letters told."""

    FIXED = "fixed", _("That the job opened with a day of deletion")
    SOON = "soon", _("That the day is near")


class Forewarning(models.Model):
    """Letters that went out about a job's day of deletion; a week after those that it is near, contents may go."""

    job = models.ForeignKey(Job, models.PROTECT, related_name="forewarnings", db_index=False)
    about = models.CharField(max_length=5, choices=Forewarned)
    at = models.DateTimeField(null=True, editable=False)

    privacy.declare(**dict.fromkeys(("id", "job", "about", "at"), Audience.PUBLIC))

    class Meta:
        constraints = [models.UniqueConstraint(fields=["job", "about"], name="told_of_deletion_once")]

    def __str__(self) -> str:
        return f"forewarning {self.about} of job {self.job_id}"
