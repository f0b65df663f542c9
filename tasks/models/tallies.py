"""What is known of a job without counting: how many tasks it has, and how much of its money they cannot need."""

from django.db import models

from coop.people import privacy
from coop.people.privacy import Audience
from tasks.models.work import Job


class Tally(models.Model):
    """A job's tasks, and its money as far as the transfer `seen`. The database alone writes it, and knows when to.

    `spare` and `price` are in micro-units: what the tasks that are there cannot need while a slot costs `price`. Empty:
    something happened that makes them dearer, so all is counted again before anything joins them.
    """

    job = models.OneToOneField(Job, models.PROTECT, primary_key=True, related_name="tally")
    tasks = models.IntegerField()
    fundings = models.BigIntegerField(help_text="How often money was set aside, for answers or the floor.")
    deposited = models.BigIntegerField(help_text="For the floor, without what was taken back.")
    seen = models.BigIntegerField()
    price = models.BigIntegerField(null=True)
    spare = models.BigIntegerField(null=True)

    privacy.declare(
        **dict.fromkeys(("job", "tasks", "fundings", "deposited", "seen", "price", "spare"), Audience.CLIENT)
    )

    def __str__(self) -> str:
        return f"tally of job {self.job_id}"
