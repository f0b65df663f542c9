"""What members get out of the care fund and the education fund."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from coop.people import privacy
from coop.people.models import Person
from coop.people.privacy import Audience
from governance.models import Office
from payments.money import MoneyField


class Supporting(models.TextChoices):
    """A fund that supports members."""

    CARE = "care", _("Care")
    EDUCATION = "education", _("Education")


class Support(models.Model):
    """What a member asked of a fund: care is paid at once and without a reason, education once two officers agree."""

    person = models.ForeignKey(Person, models.PROTECT, related_name="supports")
    fund = models.CharField(max_length=10, choices=Supporting)
    amount = MoneyField()
    words = models.CharField(max_length=200, blank=True, help_text="What is to be learnt, and where. Never for care.")
    at = models.DateTimeField()

    privacy.declare(
        id=Audience.SELF, person=Audience.SELF, fund=Audience.SELF, amount=Audience.SELF, words=Audience.SELF,
        at=Audience.SELF,
    )  # fmt: skip

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(fund="care", words="") | Q(fund="education", words__regex=r"[^[:space:]]"),
                name="nobody_says_why_they_need_care",
            )
        ]

    def __str__(self) -> str:
        return f"support {self.pk}"


class SupportAnswer(models.Model):
    """What an officer said to a member who asked the education fund; a no has its reason."""

    support = models.ForeignKey(Support, models.PROTECT, related_name="answers")
    office = models.ForeignKey(Office, models.PROTECT, related_name="+")
    agrees = models.BooleanField()
    words = models.CharField(max_length=200, blank=True)
    at = models.DateTimeField()

    privacy.declare(
        id=Audience.SELF, support=Audience.SELF, office=Audience.SELF, agrees=Audience.SELF, words=Audience.SELF,
        at=Audience.SELF,
    )  # fmt: skip

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["support", "office"], name="officers_answer_once"),
            models.CheckConstraint(condition=Q(agrees=True) | Q(words__regex=r"[^[:space:]]"), name="a_no_says_why"),
        ]

    def __str__(self) -> str:
        return f"answer to support {self.support_id}"
