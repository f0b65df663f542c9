"""The registry: everything besides rate and fee that changes what a member earns, is offered or may do (D3)."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from coop.people import privacy
from coop.people.privacy import Audience
from governance.models import Mandate


class Kind(models.TextChoices):
    """The kinds of instrument that are rows of the registry; what each may say, the database knows."""

    ROUNDING = "rounding", _("rounding")
    CURRENCY = "currency", _("currency")
    BONUS = "bonus", _("bonus")
    TIME_LIMIT = "time_limit", _("time limit")
    ACCEPTANCE = "acceptance", _("acceptance")
    ALLOCATION = "allocation", _("allocation")
    QUALIFICATION = "qualification", _("qualification")
    REGION = "region", _("region")
    CLIENT_BLOCK = "client_block", _("client block")
    PAYOUT_MINIMUM = "payout_minimum", _("payout minimum")
    PAYOUT_DELAY = "payout_delay", _("payout delay")
    FLOOR = "floor", _("floor by region")
    RAIL = "rail", _("way to be paid")
    OPENING = "opening", _("kind of work open")
    REOPENING = "reopening", _("reopening for less")
    CHECKING = "checking", _("pay of a check")
    DEPOSIT = "deposit", _("deposit for the floor")
    SUPPORT = "support", _("support from a fund")


class Instrument(models.Model):
    """A version of one instrument, from a moment on, by a mandate; never changed, replaced by the next version.

    `key` says what it is about (work_type:3, country:KE), empty for what holds for all. `value` is canonical JSON in
    whole numbers: micro-units, seconds, hours, days. Its schema is closed: `payments_instrument_holds` knows each kind.
    """

    kind = models.CharField(max_length=20, choices=Kind)
    key = models.CharField(max_length=80, blank=True)
    version = models.PositiveIntegerField()
    value = models.TextField()
    mandate = models.ForeignKey(Mandate, models.PROTECT, related_name="+")
    since = models.DateTimeField()

    privacy.declare(
        **dict.fromkeys(("id", "kind", "key", "version", "value", "mandate", "since"), Audience.PUBLIC),
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["kind", "key", "version"], name="one_instrument_per_version"),
            models.CheckConstraint(condition=Q(kind__in=Kind.values), name="instrument_kind_is_known"),
            models.CheckConstraint(condition=Q(version__gt=0), name="instruments_are_numbered_from_one"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.key} v{self.version}"
