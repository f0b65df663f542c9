"""A class split in two has one rhythm: a cut of comparable work keeps the other from the ballot (3.3)."""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal

import pytest
from django.db import connection

from coop import clock
from coop.people.models import Person
from coop.refusals import Refused
from governance import proposals, voting
from governance.models import Mandate, Rule
from payments.models import Rate, WorkType
from tests.governance.conftest import cast_all, reach, support
from tests.payments.conftest import owning
from tests.payments.test_policies import change
from tests.payments.test_replay import PUBLISH

type Attack = Callable[..., None]


@pytest.fixture
def twins(_django_db_helper: None, now: datetime) -> tuple[WorkType, WorkType]:
    """Return two kinds of work that share shape, tier and language."""
    matching = WorkType.objects.get(slug="product-match")
    with owning(), connection.cursor() as cursor:
        # A kind of work stands with its rate at the end of the transaction, not before.
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
        other = WorkType.objects.create(
            slug="match-two", name="Compare articles", shape="choice", tier="general", language="en", created_at=now
        )
        Rate.objects.create(
            work_type=other, version=1, amount=Decimal("0.09"), estimated_seconds=30, since=now,
            mandate=Mandate.objects.get(proposal=None),
        )  # fmt: skip
    return matching, other


def test_a_cut_that_failed_keeps_comparable_work_for_180_days(
    twins: tuple[WorkType, WorkType], amina: Person, luis: Person, attack: Attack, later: Callable[..., datetime]
) -> None:
    first, second = twins
    facts = {"policy": "rate_change", "title": "A cut", "text": "…"}
    draft = proposals.draft(**facts, payload=change(second, "0.086"), by=luis, at=clock.now())  # type: ignore[arg-type]
    cut = proposals.draft(**facts, payload=change(first, "0.086"), by=amina, at=clock.now())  # type: ignore[arg-type]
    proposal = proposals.publish(support(cut), by=amina, at=clock.now())
    cast_all(proposal, no=30)
    voting.close(proposal, at=reach(proposal.closes_at))
    later(days=150)
    support(draft)
    with pytest.raises(Refused, match="comparable work"):
        proposals.publish(draft, by=luis, at=clock.now())
    rule = Rule.objects.get(key="N1", version=1).pk
    attack(PUBLISH.format(f"rule_id = {rule}"), [draft.pk], guard="impact_is_computed_by_the_database")
    later(days=31)
    assert proposals.publish(draft, by=luis, at=clock.now()).published_at


def test_a_raise_of_comparable_work_keeps_no_rhythm(
    twins: tuple[WorkType, WorkType], amina: Person, luis: Person
) -> None:
    for work, amount, by in zip(twins, ("0.086", "0.1"), (amina, luis), strict=True):
        draft = proposals.draft(
            policy="rate_change", payload=change(work, amount), title="?", text="…", by=by, at=clock.now()
        )
        assert proposals.publish(support(draft), by=by, at=clock.now()).published_at
