"""What the hearing fund owes people."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from coop.people import privacy
from coop.people.models import Person
from coop.people.privacy import Audience
from payments.money import MoneyField


class Owing(models.IntegerChoices):
    """What the hearing fund owes for; the numbers are those of the postings."""

    PAUSED = 24, _("Pay while paused")
    UNFOUNDED = 25, _("Paid double: the pause was unfounded")
    PANEL = 26, _("Service on a panel")
    BACK_PAY = 27, _("Back pay, one and a half times")


class Entitlement(models.Model):
    """Pay that a fact of the ground entitles a person to, as a pause or a seat on a panel; paid when it is written.

    Whoever writes it says only for what and for whom: the span, the time and the amount are the database's own.
    """

    person = models.ForeignKey(Person, models.PROTECT, related_name="entitlements")
    kind = models.PositiveSmallIntegerField(choices=Owing)
    source = models.CharField(max_length=40, help_text="The fact it follows from, as pause:5.")
    since = models.DateTimeField(null=True, help_text="Pauses are paid as time passes: from here …")
    until = models.DateTimeField(null=True, help_text="… to here, in whole hours.")
    amount = MoneyField(default=0)
    at = models.DateTimeField()
    edition = models.PositiveSmallIntegerField(
        db_default=3,
        editable=False,
        help_text="By which sum back pay was found; 1 before decision 0186, 2 by it, 3 by decision 0192.",
    )

    privacy.declare(
        id=Audience.SELF,
        person=Audience.SELF,
        kind=Audience.PUBLIC,
        source=Audience.SELF,
        since=Audience.SELF,
        until=Audience.SELF,
        amount=Audience.SELF,
        at=Audience.SELF,
        edition=Audience.PUBLIC,
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["source", "kind", "since"], condition=~Q(since=None), name="entitled_once_for_each_span"
            ),
            models.UniqueConstraint(fields=["source", "kind"], condition=Q(since=None), name="entitled_once"),
            models.CheckConstraint(condition=Q(kind__in=Owing.values), name="owing_is_known"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="entitlements_are_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.source}"
