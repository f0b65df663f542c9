"""How the books are opened: the first kinds of work, their rates and the fee, by the founding meeting's mandate."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db import transaction

from coop.record import events
from governance.models import Mandate
from payments.models import Fee, Rate, WorkType


@dataclass(frozen=True, slots=True)
class FirstRate:
    """A kind of work as the founding meeting put it on the rate card: `amount` in US dollars for each unit."""

    slug: str
    name: str
    shape: str
    amount: Decimal
    estimated_seconds: int
    unit: str = "task"
    tier: str = "general"
    language: str = "en"


@transaction.atomic
def open_books(
    kinds: Iterable[FirstRate], *, mandate: Mandate, at: datetime, on_wage: int = 1000, training: int = 3000, care: int = 500
) -> dict[str, WorkType]:
    """Write the first rates and the fee (basis points: of the wage, then of the fee) and return the kinds by slug.

    Only the owner of the schema may: the site is refused by `rate_is_what_the_vote_said` and
    `fee_is_set_by_the_founding_meeting`.
    """
    Fee.objects.create(version=1, on_wage=on_wage, training=training, care=care, mandate=mandate, since=at)
    opened = {kind.slug: _open(kind, mandate, at) for kind in kinds}
    events.write("payments.books_opened", by=None, subject=f"mandate:{mandate.pk}", at=at, work_types=sorted(opened))
    return opened


def _open(kind: FirstRate, mandate: Mandate, at: datetime) -> WorkType:
    work_type = WorkType.objects.create(
        slug=kind.slug, name=kind.name, unit=kind.unit, shape=kind.shape, tier=kind.tier, language=kind.language,
        created_at=at,
    )
    Rate.objects.create(
        work_type=work_type, version=1, amount=kind.amount, estimated_seconds=kind.estimated_seconds, mandate=mandate,
        since=at,
    )
    return work_type
