"""The letter about a payout that came back: in the member's language, for ways that wait and that are closed."""

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from django.test import Client as Browser

from coop.people.models import Person
from governance.models import Office
from payments import came_back, instruments, payouts, rails
from payments.models import Instrument, Kind, Payout
from tests.payments.ways import letter

type Earn = Callable[[Person, str], int]


@pytest.fixture
def failed(earn: Earn, amina: Person, treasurer: Office, secretary: Office, now: datetime) -> Payout:
    earn(amina, "5")
    payout = payouts.request(amina, amount=Decimal(5), by=amina, at=now)
    payouts.send(payout, reference="MP-1", by=treasurer, at=now)
    return payouts.fail(payout, by=secretary, at=now)


def test_it_is_in_the_members_language(failed: Payout) -> None:
    failed.person.language = "es"
    failed.person.save(update_fields=["language"])
    said = letter(failed)
    for words in ("Su vía era: A mano.", "otra vez en tu saldo", "Entonces lo envía una persona con cargo"):
        assert words in said
    assert f"/pay/payouts/{failed.pk}/" in said


def test_the_page_says_the_same(failed: Payout, signed_in: Callable[[Person], Browser]) -> None:
    page = signed_in(failed.person).get(f"/pay/payouts/{failed.pk}/").text
    assert came_back.again(failed) in page


def test_it_waits_as_long_as_was_voted(failed: Payout, monkeypatch: pytest.MonkeyPatch) -> None:
    terms = instruments.payout_terms("bank")
    longer = instruments.PayoutTerms(terms.minimum, terms.step, timedelta(hours=72), is_open=True)
    monkeypatch.setattr(instruments, "payout_terms", lambda _rail: longer)
    assert "72 hours after you ask" in came_back.again(failed)
    failed.rail = "bank"
    assert "96 hours after you ask" in came_back.again(failed)


@pytest.mark.parametrize("rail", sorted(rails.ALL))
def test_a_way_that_is_closed_is_not_promised_again(failed: Payout, rail: str) -> None:
    failed.rail = rail
    is_open = Instrument.objects.filter(kind=Kind.RAIL, key=f"rail:{rail}").exists()
    assert ("This way is closed now" in came_back.again(failed)) != is_open
