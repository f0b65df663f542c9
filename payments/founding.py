"""How the books are opened: the first kinds of work, their rates and the fee, by the founding meeting's mandate."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext_noop

from coop.record import events
from governance import founding
from governance.models import Mandate
from payments import instruments
from payments.models import Fee, Instrument, Rate, WorkType


@dataclass(frozen=True, slots=True)
class FirstRate:
    """A kind of work as the founding meeting put it on the rate card: `amount` in US dollars for each unit."""

    slug: str
    name: str
    shape: str
    amount: Decimal
    estimated_seconds: int
    unit: str = gettext_noop("task")
    tier: str = "general"
    language: str = "en"


FIRST = (
    FirstRate(
        "onboarding",
        gettext_noop("Onboarding"),
        "choice",
        Decimal("0.30"),
        100,
        unit=gettext_noop("question"),
        tier="everyone",
    ),
    FirstRate("product-match", gettext_noop("Compare products"), "choice", Decimal("0.09"), 30),
    FirstRate(
        "compare-answers", gettext_noop("Compare two answers"), "comparison", Decimal("0.90"), 240, tier="writing"
    ),
    FirstRate(
        "panel",
        gettext_noop("Sit on a panel"),
        "hearing",
        Decimal("12.00"),
        3600,
        unit=gettext_noop("seat"),
        tier="everyone",
    ),
    FirstRate(
        "dispute",
        gettext_noop("Look at a rejected answer"),
        "finding",
        Decimal("0.60"),
        180,
        unit=gettext_noop("answer"),
        tier="everyone",
    ),
)
# Work for the cooperative itself, which no client orders.
FOR_THE_HOUSE = ("onboarding", "panel", "dispute")
# The first fee: 10 % of the wage; 25 % of it trains newcomers, 5 % pays for care, 5 % what weeks lack to the floor.
FIRST_FEE = {"on_wage": 1000, "training": 2500, "care": 500, "floor": 500}


@transaction.atomic
def open_books(*, mandate: Mandate, at: datetime, kinds: Iterable[FirstRate] = FIRST) -> dict[str, WorkType]:
    """Write the first rates, the fee and the other instruments by the founding mandate; return the kinds by slug.

    Only the owner of the schema may: the site is refused by `rate_is_what_the_vote_said`,
    `fee_is_what_the_vote_said` and `instrument_is_what_the_vote_said`.
    """
    Fee.objects.create(version=1, **FIRST_FEE, mandate=mandate, since=at)
    Instrument.objects.bulk_create(
        Instrument(kind=kind, key=key, version=1, value=instruments.canonical(value), mandate=mandate, since=at)
        for (kind, key), value in instruments.FIRST.items()
    )
    opened = {kind.slug: _open(kind, mandate, at) for kind in kinds}
    events.write(
        "payments.books_opened", by=None, subject=f"mandate:{mandate.pk}", at=at, work_types=sorted(opened),
        digest=founding.digest(mandate, "payments"),
    )  # fmt: skip
    return opened


def _open(kind: FirstRate, mandate: Mandate, at: datetime) -> WorkType:
    work_type = WorkType.objects.create(
        slug=kind.slug,
        name=kind.name,
        unit=kind.unit,
        shape=kind.shape,
        tier=kind.tier,
        language=kind.language,
        created_at=at,
    )
    Rate.objects.create(
        work_type=work_type,
        version=1,
        amount=kind.amount,
        estimated_seconds=kind.estimated_seconds,
        mandate=mandate,
        since=at,
    )
    return work_type
