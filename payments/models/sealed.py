"""Members' statements whose hashes are sealed in the record."""

from django.db import models

from coop.people import privacy
from coop.people.models import Person
from coop.people.privacy import Audience


class SealedStatement(models.Model):
    """The hash of a member's statement as its month was sealed. Never changed; none is added to a sealed month.

    The hashes of a month, each with its nonce, in the order of `place`, are the leaves of one tree, whose root stands
    in the record. `payments_seal_statements` alone writes both.
    """

    person = models.ForeignKey(Person, models.PROTECT, related_name="+")
    month = models.CharField(max_length=7, help_text="As 2026-11.")
    place = models.PositiveIntegerField()
    digest = models.CharField(max_length=64, help_text="SHA-256 of the CSV file, in hexadecimal.")
    nonce = models.CharField(
        max_length=32, blank=True,
        help_text="Random, in hexadecimal, so that nobody guesses a file from its leaf; none before 0233.",
    )  # fmt: skip

    privacy.declare(**dict.fromkeys(("id", "person", "month", "place", "digest", "nonce"), Audience.SELF))

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["month", "person"], name="a_members_month_is_sealed_once"),
            models.UniqueConstraint(fields=["month", "place"], name="a_sealed_statement_has_its_place"),
        ]

    def __str__(self) -> str:
        return f"statement of {self.month}, place {self.place}"
