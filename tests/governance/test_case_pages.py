"""The pages of cases and panels, from the charge to the appeal, without JavaScript; and who is kept from them."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.test import Client as Browser
from pytest_django import DjangoAssertNumQueries

from coop import clock
from coop.people.models import Person
from governance import assembly, cases, panels, register
from governance.models import Bylaw, Case, CaseGround, Panel, Pause, Proposal, Said, Stage
from tests.governance import charging
from tests.test_pages import Page

pytestmark = pytest.mark.django_db
type SignedIn = Callable[[Person], Browser]
WORDS = "hazel-heron-hill"


def text(answer: object) -> str:
    return re.sub(r"\s+", " ", answer.content.decode())  # type: ignore[attr-defined]


def charge_form(member: Person, **facts: object) -> dict[str, object]:
    day = f"{clock.now() - timedelta(days=5):%Y-%m-%d}"
    given: dict[str, object] = {
        "member": member.email, "ground": "fabricated", "bylaw": Bylaw.objects.get(key="C1").pk,
        "facts": "Three answers were copied.", "first": day, "last": day, "evidence_name": "Comparison",
        "evidence": "11 equals 71", "measure": "advice", "days": "0", "remedy": "Talk to a reviewer.", "words": WORDS,
    }  # fmt: skip
    return {**given, **facts}


def test_a_charge_and_its_answer_are_read_by_both_sides(amina: Person, samuel: Person, signed_in: SignedIn) -> None:
    officer, member = signed_in(samuel), signed_in(amina)
    opened = officer.post("/cases/new/", charge_form(amina), follow=True)
    address = f"/cases/{Case.objects.get().pk}/"
    assert "Keep your words for the lot" in text(opened)
    mine = text(member.get(address))
    assert "Three answers were copied." in mine
    assert "Work is one" in mine
    assert "safety officer" in mine
    assert address in text(member.get("/cases/"))
    member.post(f"{address}say/reply/", {"text": "I made them myself."})
    assert "I made them myself." in text(officer.get(address))


def test_a_panel_is_drawn_by_lot_on_its_pages(
    amina: Person, samuel: Person, teresa: Person, signed_in: SignedIn
) -> None:
    officer, member, witness = signed_in(samuel), signed_in(amina), signed_in(teresa)
    officer.post("/cases/new/", charge_form(amina))
    panel = Panel.objects.get()
    lot = f"/panels/{panel.pk}/"
    assert lot in text(witness.get("/cases/"))
    witness.post(f"{lot}seal/", {"words": "olive-onion-owl"})
    member.post(f"{lot}seal/", {"words": "maple-market-moon"})
    for browser, words in ((member, "maple-market-moon"), (witness, "olive-onion-owl"), (officer, WORDS)):
        browser.post(f"{lot}open/", {"words": words})
    sitting = list(panels.sitting_on(panel))
    assert len(sitting) == 5
    assert str(sitting[0].person) in text(member.get(lot))
    assert member.get(f"{lot}lot.json").json()["seed"] == panel.draw.seed


def test_a_decision_and_its_appeal_are_made_on_their_pages(
    charged: Case, seated: Panel, amina: Person, signed_in: SignedIn
) -> None:
    cases.say(charged, kind=Said.REPLY, text="I made them myself.", by=amina, at=clock.now())
    member, sitting = signed_in(amina), list(panels.sitting_on(seated))
    address, desk = f"/cases/{charged.pk}/", f"/panels/{seated.pk}/desk/"
    first = signed_in(sitting[0].person)
    assert "Because" not in text(first.get(desk))
    moved = {"measure": "advice", "reasons": "Because they are equal word for word.", "days": "0",
             "evidence": [charged.evidence.get().pk]}  # fmt: skip
    first.post(desk, moved)
    motion = seated.motions.get()
    for seat in sitting[1:3]:
        signed_in(seat.person).post(f"/panels/motions/{motion.pk}/vote/", {"agrees": "yes"})
    decided = text(member.get(address))
    assert "Because they are equal word for word." in decided
    assert "3 of 5" in decided
    member.post(f"{address}appeal/", {"text": "Nobody asked me how."})
    assert charged.panels.filter(stage=Stage.APPEAL).exists()
    assert "Appealed: nothing takes effect meanwhile" in text(member.get(address))


@pytest.mark.parametrize("who", ["luis", "teresa", "petra", "olga", "newcomer"])
def test_strangers_officers_and_clients_find_no_case(
    charged: Case, who: str, request: pytest.FixtureRequest, signed_in: SignedIn
) -> None:
    browser = signed_in(request.getfixturevalue(who))
    panel = charged.panels.get()
    for address in (f"/cases/{charged.pk}/", f"/cases/{charged.pk}/appeal/", f"/panels/{panel.pk}/lot.json",
                    f"/panels/{panel.pk}/desk/"):  # fmt: skip
        assert browser.get(address).status_code == 404
    for address in (f"/cases/{charged.pk}/say/word/", f"/cases/{charged.pk}/show/"):
        assert browser.post(address, {"text": "x", "name": "y"}).status_code == 404
    assert f"/cases/{charged.pk}/" not in text(browser.get("/cases/"))


def test_a_visitor_signs_in_first_and_reads_only_the_register(charged: Case) -> None:
    assert Browser().get(f"/cases/{charged.pk}/").status_code == 302
    page = text(Browser().get("/cases/public/"))
    assert "Fewer than five cases in all" in page
    assert "Amina" not in page


def test_parties_do_not_sit_at_the_panels_desk(
    charged: Case, seated: Panel, amina: Person, samuel: Person, signed_in: SignedIn
) -> None:
    for who in (amina, samuel):
        assert signed_in(who).get(f"/panels/{seated.pk}/desk/").status_code == 404


@pytest.mark.parametrize("ground", ["slow_work", "declined", "ratings", "organising", "complaint", "leave"])
def test_the_form_refuses_what_is_never_a_ground(
    amina: Person, samuel: Person, signed_in: SignedIn, ground: str
) -> None:
    page = text(signed_in(samuel).post("/cases/new/", charge_form(amina, ground=ground)))
    assert re.search(r"protected: nobody|never a ground\. ", page)
    assert not Case.objects.exists()


def test_the_form_asks_how_far_a_limit_reaches(amina: Person, samuel: Person, signed_in: SignedIn) -> None:
    page = text(signed_in(samuel).post("/cases/new/", charge_form(amina, measure="limit", days="31")))
    assert "at most 30" in page
    assert "Say which job" in page


def test_a_side_refuses_and_the_next_sits(charged: Case, seated: Panel, amina: Person, signed_in: SignedIn) -> None:
    seat = panels.sitting_on(seated)[0]
    page = text(signed_in(amina).post(f"/panels/seats/{seat.pk}/refuse/", follow=True))
    assert "takes the place" in page
    assert str(panels.sitting_on(seated)[4].person) in page
    assert signed_in(seat.person).get(f"/cases/{charged.pk}/").status_code == 404


def test_the_panel_writes_down_a_hearing(
    charged: Case, seated: Panel, later: Callable[..., datetime], signed_in: SignedIn
) -> None:
    later(hours=3)
    browser = signed_in(panels.sitting_on(seated)[1].person)
    browser.post(f"/panels/{seated.pk}/hearing/", {"minutes": "45", "text": "Both sides spoke."})
    assert seated.hearings.get().minutes == 45
    assert "Both sides spoke." in text(browser.get(f"/cases/{charged.pk}/"))
    early = browser.post(f"/panels/{seated.pk}/hearing/", {"minutes": "480", "text": "x"})
    assert early.status_code == 409


def test_an_officer_asks_a_panel_to_prolong_their_own_pause(
    amina: Person, samuel: Person, petra: Person, paused: Callable[..., Pause], signed_in: SignedIn
) -> None:
    pause = paused(amina)
    assert f"/pauses/{pause.pk}/prolong/" in text(signed_in(samuel).get("/pauses/"))
    assert signed_in(petra).get(f"/pauses/{pause.pk}/prolong/").status_code == 403
    signed_in(samuel).post(f"/pauses/{pause.pk}/prolong/", {"facts": "It goes on.", "words": WORDS})
    assert Case.objects.get().panels.get().size == 3


def test_an_explanation_is_accepted_or_goes_to_five_members(amina: Person, samuel: Person, signed_in: SignedIn) -> None:
    case = charging.unexplained(amina)
    assert "The cooperative has to explain" in text(signed_in(amina).get(f"/cases/{case.pk}/"))
    signed_in(samuel).post(f"/cases/{case.pk}/say/explanation/", {"text": "The bank was closed."})
    assert "I do not accept this" in text(signed_in(amina).get(f"/cases/{case.pk}/"))
    signed_in(amina).post(f"/cases/{case.pk}/say/contested/", {"text": "It was not."})
    assert case.panels.get().size == 5


def test_a_clients_seat_holder_learns_no_members_name(
    amina: Person, olga: Person, samuel: Person, signed_in: SignedIn
) -> None:
    seat = olga.seats.get()
    case = charging.charge(amina, olga, capacity=seat, client=seat.client)
    cases.say(case, kind=Said.REPLY, text="I did not.", by=amina, at=clock.now())
    page = text(signed_in(olga).get(f"/cases/{case.pk}/"))
    assert "Amina" not in page
    assert "I did not." in page


def test_the_register_tells_no_small_cell_apart(
    amina: Person, luis: Person, priya: Person, samuel: Person, later: Callable[..., datetime]
) -> None:
    people = list(Person.objects.filter(standings__status="member").exclude(offices__isnull=False)[:8])
    for number, person in enumerate(people):
        ground = CaseGround.FABRICATED if number < 6 else CaseGround.HARASSMENT
        charging.charge(person, samuel, ground=ground, evidence=((f"{number}", f"Words {number}."),))
    lines = register.lines(later(days=46))
    assert [(line.count, line.ground) for line in lines] == [(8, "Other grounds")]
    charging.charge(amina, samuel, **charging.other(60))
    assert sum(line.count for line in register.lines(clock.now())) == 9


def test_five_cases_of_a_kind_are_told_apart_and_four_are_not(samuel: Person, later: Callable[..., datetime]) -> None:
    people = list(Person.objects.filter(standings__status="member").exclude(offices__isnull=False)[:14])
    for number, person in enumerate(people):
        ground = (
            CaseGround.FABRICATED if number < 5 else CaseGround.HARASSMENT if number < 10 else CaseGround.DATA_TAKEN
        )
        charging.charge(person, samuel, ground=ground, evidence=((f"{number}", f"Words {number}."),))
    assert sorted(line.count for line in register.lines(later(days=46))) == [5, 9]


def test_pages_of_a_case_cost_a_known_number_of_queries(
    charged: Case, seated: Panel, amina: Person, signed_in: SignedIn,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:  # fmt: skip
    browser = signed_in(amina)
    for number in range(5):
        cases.say(charged, kind=Said.WORD, text=f"Word {number}", by=amina, at=clock.now())
    with django_assert_max_num_queries(40):
        browser.get(f"/cases/{charged.pk}/")
    with django_assert_max_num_queries(45):
        browser.get(f"/panels/{seated.pk}/")


def test_pages_of_a_case_keep_the_promises_of_every_page(
    charged: Case, seated: Panel, amina: Person, samuel: Person, signed_in: SignedIn
) -> None:
    sits = panels.sitting_on(seated)[0].person
    addresses = (f"/cases/{charged.pk}/", f"/panels/{seated.pk}/", "/cases/", "/cases/new/", "/cases/public/")
    for who in (amina, samuel, sits):
        for address in addresses:
            assert not list(Page(address, signed_in(who).get(address).content).wrong())
    desk = f"/panels/{seated.pk}/desk/"
    assert not list(Page(desk, signed_in(sits).get(desk).content).wrong())
    assert charged.evidence.get().digest in text(signed_in(amina).get(f"/cases/{charged.pk}/"))


def test_no_form_is_shown_for_what_would_be_refused(
    amina: Person, samuel: Person, teresa: Person, luis: Person, paused: Callable[..., Pause], signed_in: SignedIn,
    published: Callable[..., Proposal],
) -> None:  # fmt: skip
    decision = charging.decide(amina, samuel, teresa)
    said = assembly.open_thread(topic="other", title="Links", text="kittens.example", by=amina, at=clock.now())
    prolong, ballot = f"/pauses/{paused(luis).pk}/prolong/", f"/votes/{published().pk}/ballot/"
    appeal, report = f"/cases/{decision.case_id}/appeal/", f"/assembly/message/{said.pk}/report/"
    shown = {who: [signed_in(who).get(page).status_code for page in (appeal, report, prolong, ballot)]
             for who in (amina, samuel)}  # fmt: skip
    assert shown == {amina: [200, 403, 403, 409], samuel: [403, 200, 200, 409]}


def test_both_sides_put_evidence_into_the_file_and_who_decides_does_not(
    charged: Case, seated: Panel, amina: Person, samuel: Person, signed_in: SignedIn
) -> None:
    judge, address = panels.sitting_on(seated)[0].person, f"/cases/{charged.pk}/show/"
    asked = {who: signed_in(who).post(address, {"name": who.name, "text": f"What {who.name} has."})
             for who in (amina, samuel, judge)}  # fmt: skip
    assert [answer.status_code for answer in asked.values()] == [302, 302, 404]
    assert [piece.added_by for piece in charged.evidence.order_by("pk")] == [samuel, amina, samuel]
