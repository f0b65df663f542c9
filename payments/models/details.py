"""Where members' money goes: sealed, one row for each version, never edited."""

from django.db import models
from django.db.models import Q

from coop.people import privacy
from coop.people.models import Person
from coop.people.privacy import Audience


class PayoutDetails(models.Model):
    """A version of where a person's money goes by one rail. All times are the database's own.

    In force from `effective_at`, unless cancelled before: 72 hours after the person was told, or at once for what is
    said before anything was earned. `sealed` opens by the key outside the database alone and is empty once erased;
    `fingerprint` never changes, so that other details under the same version are found out.
    """

    person = models.ForeignKey(Person, models.PROTECT, related_name="payout_details")
    rail = models.CharField(max_length=30)
    version = models.PositiveIntegerField()
    sealed = models.TextField(blank=True)
    fingerprint = models.CharField(max_length=64)
    hint = models.CharField(max_length=80, blank=True, help_text="What its person knows it by, as M-Pesa …123.")
    given_at = models.DateTimeField()
    told_at = models.DateTimeField(null=True)
    effective_at = models.DateTimeField(null=True)
    cancelled_at = models.DateTimeField(null=True)
    erased_at = models.DateTimeField(null=True)

    privacy.declare(
        **dict.fromkeys((
            "id", "person", "rail", "version", "hint", "given_at", "told_at", "effective_at", "cancelled_at",
            "erased_at",
        ), Audience.SELF),
        sealed=Audience.NOBODY,
        fingerprint=Audience.NOBODY,
    )  # fmt: skip

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["person", "rail", "version"], name="one_row_per_version_of_details"),
            models.CheckConstraint(
                condition=Q(erased_at=None) | Q(sealed="", hint=""), name="nothing_is_left_of_erased_details"
            ),
        ]

    def __str__(self) -> str:
        return f"payout details {self.pk}"
