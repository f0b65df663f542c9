"""Whose money it is reads which officer sent it, who confirmed it, and who looked at it (D8)."""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal

import pytest
from django.test import Client as Browser

from coop.people.models import Person
from governance import watching
from governance.models import Office
from payments import payouts
from payments.models import Payout


@pytest.fixture
def asked(earn: Callable[[Person, str], int], amina: Person, now: datetime) -> Payout:
    """Return a payout that Amina asked for."""
    earn(amina, "5")
    return payouts.request(amina, amount=Decimal(5), by=amina, at=now)


def seen(person: Person) -> list[tuple[str, str, str, str]]:
    acts = watching.concerning(person).order_by("id")
    return [(act.act, act.office.post, act.duty, act.subject) for act in acts]


@pytest.mark.parametrize("result", [payouts.settle, payouts.fail])
def test_both_officers_of_a_payout_are_seen_by_whoever_is_paid(
    asked: Payout, amina: Person, treasurer: Office, secretary: Office, now: datetime, result: Callable[..., Payout]
) -> None:
    payouts.send(asked, reference="MP-1", by=treasurer, at=now)
    result(asked, by=secretary, at=now)
    subject = f"payout:{asked.pk}"
    assert seen(amina) == [
        ("sent_payout", "treasurer", "handles_money", subject),
        ("settled_payout", "secretary", "handles_money", subject),
    ]


def test_the_desk_and_a_payout_are_not_looked_at_unseen(
    asked: Payout, amina: Person, teresa: Person, signed_in: Callable[[Person], Browser]
) -> None:
    browser = signed_in(teresa)
    for address in ("/desk/", f"/desk/payouts/{asked.pk}/", "/desk/"):
        assert browser.get(address).status_code == 200
    assert seen(amina) == [
        ("looked", "treasurer", "handles_money", "desk"),
        ("looked", "treasurer", "handles_money", f"payout:{asked.pk}"),
    ]
