"""The rules of conduct that the members gave themselves: what a charge may rest on, and since when it is public."""

from django.db import models
from django.db.models import Q

from coop.people import privacy
from coop.people.privacy import Audience
from governance.models.mandates import Mandate


class Bylaw(models.Model):
    """A version of one rule of conduct. It reaches only facts after its publication, and none in its first 15 days."""

    key = models.CharField(max_length=4, help_text="C1, C2 …")
    version = models.PositiveIntegerField()
    title = models.CharField(max_length=120)
    text = models.TextField(max_length=3000)
    published_at = models.DateTimeField()
    mandate = models.ForeignKey(Mandate, models.PROTECT, related_name="bylaws")

    privacy.declare(
        **dict.fromkeys(("id", "key", "version", "title", "text", "published_at", "mandate"), Audience.PUBLIC)
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["key", "version"], name="one_bylaw_per_version"),
            models.CheckConstraint(condition=Q(key__regex=r"^C[1-9][0-9]?$"), name="bylaw_key_is_a_c_number"),
        ]

    def __str__(self) -> str:
        return f"{self.key} (version {self.version})"
