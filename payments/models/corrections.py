"""What officers say of a movement on the books that should not be there."""

from django.db import models
from django.db.models import Q

from coop.people import privacy
from coop.people.privacy import Audience
from governance.models import Office
from payments.models.books import Transfer


class Correction(models.Model):
    """One officer's word that a movement was wrong, and why; once two have said it, its mirror is posted (kind 99)."""

    transfer = models.ForeignKey(Transfer, models.PROTECT, related_name="corrections")
    office = models.ForeignKey(Office, models.PROTECT, related_name="+")
    words = models.CharField(max_length=140, help_text="Why it is wrong, and what shows it.")
    at = models.DateTimeField(null=True, editable=False, help_text="The database's own moment.")

    privacy.declare(**dict.fromkeys(("id", "transfer", "office", "words", "at"), Audience.OFFICERS))

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(words__regex=r"[^[:space:]]"), name="corrections_say_why")]

    def __str__(self) -> str:
        return f"correction of transfer {self.transfer_id}"
