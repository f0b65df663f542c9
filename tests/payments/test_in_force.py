"""The instruments in force, as anybody reads them: version, day, vote, and what it changed."""

import html
import re

import pytest
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from coop import clock
from coop.people.models import Client, Person
from governance import mandates
from payments import instruments, registry
from payments.models import Kind
from tests.payments.test_for_you import stands
from tests.payments.test_versions import LOWER_FEE, MINIMUM, voted, work

pytestmark = pytest.mark.django_db
ADDRESS = "/rules/instruments/"


def read(browser: Browser, **headers: str) -> str:
    return " ".join(html.unescape(browser.get(ADDRESS, headers=headers or None).text).split())


def test_every_instrument_of_the_founding_stands_with_its_words(client: Browser) -> None:
    page = read(client)
    assert all(f'id="{one.kind}{"-" + one.key if one.key else ""}"' in page for one in instruments.in_force())
    for words in (
        "The fee on top of wages", "10% of the wage; of it 25% to the training fund", "When silence accepts", "7 days",
        "A way to be paid, open or closed (Bank transfer)", "US dollars", "only after a hearing", "US$ 0.00 an hour",
        "no limit", "30 % of the answer's pay", "by the founding meeting",
    ):  # fmt: skip
        assert words in page, words
    assert page.count("Version 1, published") == len(instruments.in_force()) + 1


def test_a_vote_stands_with_its_version_and_what_it_changed(client: Browser, amina: Person) -> None:
    changes: list[tuple[str, dict[str, object], str]] = [
        (Kind.PAYOUT_MINIMUM, MINIMUM, "US$ 1.00 to US$ 0.50"),
        ("fee_change", LOWER_FEE, "10% of the wage; of it 25% to the training fund, 5% to the care fund"),
    ]
    for policy, payload, difference in changes:
        mandate = voted(policy, payload, amina)
        assert not mandates.enact(mandate, at=clock.now()).failure
        page = read(client)
        assert f'<a href="/votes/{mandate.proposal_id}/result/"> by vote {mandate.proposal_id} </a>' in page
        assert difference in page
        assert mandate.proposal is not None
        (entry,) = [one for one in registry.entries() if one.key in {policy, policy.removesuffix("_change")}]
        assert (entry.current.number, [one.number for one in entry.former]) == (2, [1])
        assert entry.current.published_at == mandate.proposal.published_at
        assert entry.current.applies_from >= mandate.due_at


def test_what_it_is_about_is_named_and_more_of_it_asks_no_more(client: Browser, orbit: Client) -> None:
    def asked() -> int:
        with CaptureQueriesContext(
            connection,
        ) as found:
            registry.entries()
        return len(found)

    def shared(most: int) -> str:
        return f'{{"most_a_day":{most},"order":"first_come"}}'

    stands(Kind.ALLOCATION, work(), shared(9))
    stands(Kind.REOPENING, f"client:{orbit.pk}/{work()}", '{"micro":95000}')
    before = asked()
    stands(Kind.ALLOCATION, work("compare-answers"), shared(8))
    stands(Kind.FLOOR, "country:KE", '{"micro_an_hour":2000000}')
    # Instruments, fees, and what clients, kinds of work and skills are called.
    assert asked() == before <= 5
    page = read(client)
    for words in (
        "How work is shared out (Compare products)", "at most 9 tasks a day for each",
        "Reopening comparable work for less (Orbit, Compare products)", "The floor of a region (Kenya)",
    ):  # fmt: skip
        assert words in page, words


def test_one_of_something_is_one_and_every_name_begins_large(client: Browser) -> None:
    stands(Kind.OPENING, work(), '{"notice_days":1,"open":false}')
    stands(Kind.ALLOCATION, work(), '{"hours":1,"most_a_day":1,"order":"shared"}')
    stands(Kind.PAYOUT_DELAY, "", '{"hours":1}')
    stands(Kind.ACCEPTANCE, "", '{"silence_days":1}')
    english = read(client)
    for words in (
        "1 second ", "0 hours to 1 hour", "7 days to 1 day", "closed, after 1 day ", "at most 1 task a day for each",
        "each share kept for 1 hour;", "The currency of pay", "A bonus for many units",
        "Keeping a member from a client's work",
    ):  # fmt: skip
        assert words in english, words
    spanish = read(client, **{"accept-language": "es"})
    for words in (
        "1 segundo ", "de 0 horas a 1 hora", "de 7 días a 1 día", ", después de 1 día ",
        "como máximo 1 tarea al día para cada uno", "cada parte guardada 1 hora;", "La moneda de la paga",
    ):  # fmt: skip
        assert words in spanish, words
    for page in (english, spanish):
        names = [name.strip() for name in re.findall(r"<dt>(.*?)</dt>", page)]
        assert len(names) == len(registry.entries())
        assert all(name[0].isupper() for name in names), names


def test_it_is_found_from_the_rules_the_card_and_how_we_decide(client: Browser) -> None:
    for address in ("/rules/", "/rates/", "/how-we-decide/"):
        assert re.search(rf'<a href="{ADDRESS}">\s*What pay and access go by', client.get(address).text), address
    with translation.override("es"):
        assert "Lo que rige la paga y el acceso" in read(client, **{"accept-language": "es"})
