"""How the books are opened: the first kinds of work, their rates and the fee, by the founding meeting's mandate."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext_noop

from coop.record import events
from governance import founding
from governance.models import Mandate
from payments import instruments
from payments.models import Fee, Instrument, Kind, Rate, WorkType


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


# Who a kind of work is for: whoever is a member or would be, members, those who write well, and those who know a field.
EVERYONE, WRITING, EXPERT = "everyone", "writing", "expert"
FIRST = (
    FirstRate(
        "onboarding", gettext_noop("Onboarding"), "choice", Decimal("0.30"), 100, gettext_noop("question"), EVERYONE
    ),
    FirstRate("product-match", gettext_noop("Compare products"), "choice", Decimal("0.09"), 30),
    FirstRate("compare-answers", gettext_noop("Compare two answers"), "comparison", Decimal("0.90"), 240, tier=WRITING),
    FirstRate(
        "panel", gettext_noop("Sit on a panel"), "hearing", Decimal("12.00"), 3600, gettext_noop("seat"), EVERYONE
    ),
    FirstRate(
        "dispute", gettext_noop("Look at a rejected answer"), "finding", Decimal("0.60"), 180, gettext_noop("answer"),
        EVERYONE,
    ),
    FirstRate("rate-texts", gettext_noop("Rate texts"), "rating", Decimal("0.20"), 60),
    FirstRate("check-content", gettext_noop("Check content"), "moderation", Decimal("0.20"), 45),
    FirstRate("mark-words", gettext_noop("Mark words in texts"), "spans", Decimal("0.24"), 75),
    FirstRate("fill-in-forms", gettext_noop("Fill in forms"), "freeform", Decimal("0.40"), 120),
    FirstRate("mark-images", gettext_noop("Mark things in images"), "image", Decimal("0.40"), 120),
    FirstRate("follow-frames", gettext_noop("Follow things through a video"), "frames", Decimal("1.30"), 360),
    FirstRate("point-clouds", gettext_noop("Boxes in point clouds"), "cuboids", Decimal("2.20"), 600),
    FirstRate("transcribe", gettext_noop("Write down what is said"), "transcription", Decimal("0.30"), 90),
    FirstRate("mark-sound", gettext_noop("Mark passages of sound"), "segments", Decimal("0.40"), 120),
    FirstRate("rank-answers", gettext_noop("Put answers in order"), "ranking", Decimal("1.20"), 300, tier=WRITING),
    FirstRate("talk-on", gettext_noop("Continue a conversation"), "conversation", Decimal("1.50"), 360, tier=WRITING),
    FirstRate("rewrite", gettext_noop("Rewrite a text"), "rewriting", Decimal("2.00"), 480, tier=WRITING),
    FirstRate("solve", gettext_noop("Solve step by step"), "steps", Decimal("25.00"), 1800, tier=EXPERT),
    FirstRate("check-steps", gettext_noop("Check each step"), "step_check", Decimal("4.00"), 300, tier=EXPERT),
)  # fmt: skip
# Work for the cooperative itself, which no client orders.
FOR_THE_HOUSE = ("onboarding", "panel", "dispute")
NO_SKILLS: Mapping[str, list[int]] = {}
# The first fee: 10 % of the wage; 25 % of it trains newcomers, 5 % pays for care, 5 % what weeks lack to the floor.
FIRST_FEE = {"on_wage": 1000, "training": 2500, "care": 500, "floor": 500}


def for_clients() -> QuerySet[WorkType]:
    """Return the kinds of work that clients may order."""
    return WorkType.objects.exclude(slug__in=FOR_THE_HOUSE)


@transaction.atomic
def open_books(
    *, mandate: Mandate, at: datetime, kinds: Iterable[FirstRate] = FIRST, asks: Mapping[str, list[int]] = NO_SKILLS
) -> dict[str, WorkType]:
    """Write the first rates, the fee and the other instruments by the founding mandate; return the kinds by slug.

    `asks` says by slug which skills, by their numbers in ascending order, jobs of a kind of work may ask for.

    Only the owner of the schema may: the site is refused by `rate_is_what_the_vote_said`,
    `fee_is_what_the_vote_said` and `instrument_is_what_the_vote_said`.
    """
    Fee.objects.create(version=1, **FIRST_FEE, mandate=mandate, since=at)
    Instrument.objects.bulk_create(
        Instrument(kind=kind, key=key, version=1, value=instruments.canonical(value), mandate=mandate, since=at)
        for (kind, key), value in instruments.FIRST.items()
    )
    opened = {kind.slug: _open(kind, mandate, at) for kind in kinds}
    for slug, skills in asks.items():
        Instrument.objects.create(
            kind=Kind.QUALIFICATION, key=f"{instruments.ASKS}work_type:{opened[slug].pk}", version=1,
            value=instruments.canonical({"skills": skills}), mandate=mandate, since=at,
        )  # fmt: skip
    events.write(
        "payments.books_opened", by=None, subject=f"mandate:{mandate.pk}", at=at, work_types=sorted(opened),
        **founding.said(mandate, "payments"),
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
