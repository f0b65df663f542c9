"""A small excerpt of the published crowd goes through the platform, to the last unit of money."""

from decimal import Decimal
from pathlib import Path

import pytest
from django.conf import settings

from coop.demo import crowd
from coop.demo.crowd import Data
from payments import ledger
from tasks.models import Assignment, Job, Task

FOLDER = Path(settings.BASE_DIR).parent / "shared" / "data" / "product-match"
PAIRS = 8
DEPOSIT = Decimal(5000)

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(not FOLDER.exists(), reason=f"the published crowd is not at {FOLDER}: NOTHING WAS REPLAYED"),
]


@pytest.fixture
def excerpt() -> Data:
    """Return the first pairs of the published data."""
    return Data(FOLDER, limit=PAIRS)


def test_everybody_in_the_excerpt_is_paid_and_the_books_balance(excerpt: Data) -> None:
    figures = crowd.replay(excerpt)
    rows = excerpt.answers()
    assert figures.answers == len(rows) == PAIRS * 3
    assert figures.people == len({row.worker for row in rows})
    assert figures.paid == Decimal("0.09") * len(rows)
    assert figures.fees == Decimal("0.009") * len(rows)
    assert figures.problems == {}
    job = Job.objects.get(client__slug="product-match")
    assert ledger.balance(f"job:{job.pk}:escrow") == 0
    assert ledger.balance(f"client:{job.client_id}:available") == DEPOSIT - figures.paid - figures.fees


def test_the_majority_is_what_the_published_answers_say(excerpt: Data) -> None:
    figures = crowd.replay(excerpt)
    said: dict[str, list[str]] = {}
    for row in excerpt.answers():
        said.setdefault(row.pair, []).append(row.answer)
    truth = excerpt.truth()
    right = sum((given.count("1") > given.count("0")) == (truth[pair] == "1") for pair, given in said.items())
    assert figures.accuracy == pytest.approx(right / PAIRS)


def test_a_second_run_does_only_what_is_missing(excerpt: Data) -> None:
    first = crowd.replay(Data(FOLDER, limit=PAIRS))
    steps: list[tuple[int, int]] = []
    again = crowd.replay(excerpt, progress=lambda more, done: steps.append((more, done)))
    assert steps == [(0, 0)]
    assert again == first
    assert (
        Assignment.objects.filter(task__in=Task.objects.filter(job__client__slug="product-match")).count() == PAIRS * 3
    )
