"""What a call of the API was answered, so that the same call made twice happens once."""

from django.db import models

from coop.people import privacy
from coop.people.models import ApiKey
from coop.people.privacy import Audience


class Call(models.Model):
    """A call that named itself (`Idempotency-Key`) and its answer, for a day; the answer's body is sealed.

    `digest` is the SHA-256 of what was asked: the same name with another body is another call, and refused.
    """

    key = models.ForeignKey(ApiKey, models.PROTECT, related_name="calls", db_index=False)
    name = models.CharField(max_length=255)
    digest = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(null=True)
    sealed = models.TextField(blank=True)
    fingerprint = models.CharField(max_length=64, blank=True)
    at = models.DateTimeField()

    privacy.declare(
        **dict.fromkeys(("id", "key", "name", "status", "at"), Audience.CLIENT),
        **dict.fromkeys(("digest", "sealed", "fingerprint"), Audience.NOBODY),
    )

    class Meta:
        constraints = [models.UniqueConstraint(fields=["key", "name"], name="one_answer_to_a_call")]
        indexes = [models.Index(fields=["at"], name="calls_by_time")]

    def __str__(self) -> str:
        return f"call of key {self.key_id}, answered {self.status}"
