"""What is sealed opens by a key that the database does not hold, where it belongs, and says what was said."""

import pytest
from django.core.exceptions import ImproperlyConfigured
from pytest_django import Settings

from payments import envelopes
from payments.envelopes import Envelope, Unopened

FACTS = {"account": "DE89370400440532013000", "holder": "Amína Wanjikũ"}
OLD, NEW = "an-older-key-of-thirty-two-letters-or-more", "the-newest-key-of-thirty-two-letters-or-more"


def test_what_was_sealed_is_read_again_and_not_otherwise() -> None:
    envelope = envelopes.seal(FACTS, place="7:bank:1")
    assert envelopes.unseal(envelope, place="7:bank:1") == FACTS
    assert "DE89" not in envelope.sealed
    assert envelopes.seal(FACTS, place="7:bank:1").fingerprint != envelope.fingerprint


def test_an_envelope_is_no_use_in_another_place() -> None:
    """An officer's envelope put under a member's payout does not open there."""
    envelope = envelopes.seal(FACTS, place="7:bank:1")
    with pytest.raises(Unopened):
        envelopes.unseal(envelope, place="8:bank:1")


def test_other_content_under_the_same_place_is_found_by_its_fingerprint() -> None:
    said, other = (envelopes.seal(FACTS | {"account": account}, place="7:bank:1") for account in ("A1", "B2"))
    with pytest.raises(Unopened):
        envelopes.unseal(Envelope(other.sealed, said.fingerprint), place="7:bank:1")


def test_a_changed_letter_opens_nothing() -> None:
    envelope = envelopes.seal(FACTS, place="7:bank:1")
    middle = len(envelope.sealed) // 2
    letter = "A" if envelope.sealed[middle] != "A" else "B"
    changed = envelope.sealed[:middle] + letter + envelope.sealed[middle + 1 :]
    with pytest.raises(Unopened):
        envelopes.unseal(Envelope(changed, envelope.fingerprint), place="7:bank:1")


def test_keys_rotate(settings: Settings) -> None:
    settings.PAYOUT_KEYS = [OLD]
    envelope = envelopes.seal(FACTS, place="7:bank:1")
    settings.PAYOUT_KEYS = [NEW, OLD]
    assert envelopes.unseal(envelope, place="7:bank:1") == FACTS
    anew = Envelope(envelopes.resealed(envelope.sealed), envelope.fingerprint)
    settings.PAYOUT_KEYS = [NEW]
    assert envelopes.unseal(anew, place="7:bank:1") == FACTS
    with pytest.raises(Unopened):
        envelopes.unseal(envelope, place="7:bank:1")


@pytest.mark.parametrize("keys", [[], ["short"], [NEW, "short"]])
def test_nothing_is_sealed_without_good_keys(settings: Settings, keys: list[str]) -> None:
    settings.PAYOUT_KEYS = keys
    with pytest.raises(ImproperlyConfigured):
        envelopes.seal(FACTS, place="7:bank:1")
