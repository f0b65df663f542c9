"""What a job showed and its card did not say: found by an officer from members' reports."""

from django.db import models

from coop.people import privacy
from coop.people.privacy import Audience
from governance.models import Office
from payments.money import MoneyField
from tasks.models.content import Topic
from tasks.models.work import Job


class HiddenContent(models.Model):
    """A topic that a client did not name and members met, what its client pays for it, and why an officer says so.

    `people` who reported it, the amount and the time are the database's own. The job takes no more claims until the
    client has paid and named the topic, nor do those after it; `with_data` says that it came with the data, so
    that the other jobs with the same wait too.
    """

    job = models.ForeignKey(Job, models.PROTECT, related_name="hidden_contents", db_index=False)
    topic = models.CharField(max_length=12, choices=Topic)
    reason = models.TextField(max_length=2000)
    found_by = models.ForeignKey(Office, models.PROTECT, related_name="+")
    with_data = models.BooleanField(default=False, db_default=False)
    people = models.PositiveIntegerField(null=True, editable=False)
    amount = MoneyField(null=True, editable=False)
    at = models.DateTimeField(null=True, editable=False)

    privacy.declare(
        **dict.fromkeys(
            ("id", "job", "topic", "reason", "found_by", "with_data", "people", "amount", "at"), Audience.PUBLIC
        )
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["job", "topic"], name="a_topic_is_found_once"),
            models.CheckConstraint(condition=models.Q(topic__in=Topic.values), name="found_topics_are_known"),
        ]

    def __str__(self) -> str:
        return f"{self.topic} at job {self.job_id}"
