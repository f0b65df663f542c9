"""Trying out a proposal before it is written: what it would do, what is wrong with it, and nothing saved."""

import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test import Client as Browser
from pytest_django import DjangoAssertNumQueries

from coop import clock
from coop.people.models import Client, Person
from coop.record.models import Event
from coop.refusals import Refused
from governance import checking, proposals, wording
from governance.models import Proposal, Rule
from governance.policy import Payload
from payments.models import WorkType
from tests.governance.conftest import Voted, reach, support
from tests.governance.paint import Paint
from tests.tasks.conftest import SAME, make_job, work

pytestmark = pytest.mark.django_db
type SignedIn = Callable[[Person], Browser]

PAINT = {"colour": "green", "title": "Shall the hall be green?", "text": "It was grey."}


def text(answer: object) -> str:
    """Return what a page says, without its markup."""
    said = re.sub(r"<[^>]+>", " ", answer.content.decode())  # type: ignore[attr-defined]
    return re.sub(r"\s+", " ", said.replace("&#x27;", "'").replace("\u00a0", " "))


@pytest.fixture
def matching() -> WorkType:
    return WorkType.objects.get(slug="product-match")


@pytest.fixture
def worked(orbit: Client, olga: Person, amina: Person, luis: Person) -> None:
    """Let two members have done a unit each of product matching."""
    job = make_job(orbit, olga, overlap=2)
    for who in (amina, luis):
        work(job, who, SAME)


def rate(matching: WorkType, amount: str, **words: str) -> dict[str, object]:
    """Return what the form of a new rate sends."""
    said = {"title": f"Shall matching pay US$ {amount}?", "text": "To win a client."} | words
    return {"work_type": matching.pk, "amount": amount, "estimated_seconds": 30, **said}


def checked(browser: Browser, sent: Mapping[str, object]) -> str:
    """Return what the page says about a new rate."""
    return text(browser.post("/votes/new/rate_change/check/", sent))


def test_a_check_shows_impact_rule_thresholds_dates_and_saves_nothing(
    amina: Person, signed_in: SignedIn, matching: WorkType, worked: None
) -> None:
    before = Event.objects.count(), Proposal.objects.count()
    page = checked(signed_in(amina), rate(matching, "0.087"))
    for words in (
        "Compare products: US$ 0.09 to US$ 0.087 a task (\N{MINUS SIGN}3.3%)", "What changes for you",
        "US$ 0.003 less for all",
        "People who did this work in the last 28 days fewer than five", "Yes, by rule N1.",
        "People who would be paid less, later or for longer work fewer than five",
        "Those whose work it is; Members of more than 180 days, of those whose work it is yes from at least 2/3",
        "of those who say yes or no, and from at least 40 % of the roll",
        "5 members must back the draft", "If it were published today", "Nothing found: one question",
    ):  # fmt: skip
        assert words in page
    opens = (clock.now() + timedelta(days=21)).astimezone(ZoneInfo(amina.time_zone))
    assert re.search(rf"Vote opens [^.]*{opens.day} {opens:%B}", page)
    assert (Event.objects.count(), Proposal.objects.count()) == before


@pytest.mark.parametrize(("amount", "rule"), [("0.0899", "N1"), ("0.08", "N2"), ("0.06", "N3"), ("0.1", "N10")])
def test_the_rule_follows_the_depth_of_the_cut(
    amina: Person, signed_in: SignedIn, matching: WorkType, amount: str, rule: str
) -> None:
    page = checked(signed_in(amina), rate(matching, amount))
    assert f"Rule {rule} " in page
    assert ("two readings" in page) == (rule == "N3")


def test_what_was_written_stays_in_the_form(amina: Person, signed_in: SignedIn, matching: WorkType) -> None:
    page = signed_in(amina).post("/votes/new/rate_change/check/", rate(matching, "0.087", title="", text="Why <not>"))
    assert "Why &lt;not&gt;" in page.content.decode()
    assert 'value="0.087"' in page.content.decode()
    assert "The question is missing." in text(page)
    assert "Please check your entries" not in text(page)


def test_a_value_that_is_none_is_said_at_its_field(amina: Person, signed_in: SignedIn, matching: WorkType) -> None:
    page = checked(signed_in(amina), rate(matching, "-1"))
    assert "Please check your entries" in page
    assert "Fill in what changes and check" in page


def test_the_policys_own_refusal_is_said_with_its_rule(amina: Person, signed_in: SignedIn, matching: WorkType) -> None:
    assert "This is the rate in force." in checked(signed_in(amina), rate(matching, "0.09"))
    page = text(signed_in(amina).post("/votes/new/paint/check/", PAINT | {"colour": "beige"}))
    assert "Not beige." in page
    assert "Rule taste" in page


def test_whoever_may_not_propose_has_nothing_worked_out(newcomer: Person, signed_in: SignedIn) -> None:
    answer = signed_in(newcomer).post("/votes/new/paint/check/", PAINT, follow=True)
    assert "Members vote, and you are not one yet." in text(answer)
    assert "What it would do" not in text(answer)


def test_a_check_asks_as_much_of_the_database_however_much_was_done(
    amina: Person, signed_in: SignedIn, matching: WorkType, worked: None,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:  # fmt: skip
    browser = signed_in(amina)
    # A kind of work that two did, and one that nobody did.
    for work_type, amount in ((matching, "0.087"), (WorkType.objects.get(slug="compare-answers"), "0.8")):
        with django_assert_num_queries(27):
            checked(browser, rate(work_type, amount))


def test_nobody_waits_longer_than_the_bound(
    amina: Person, monkeypatch: pytest.MonkeyPatch, signed_in: SignedIn
) -> None:
    def slowly(_self: Paint, payload: Payload, at: object) -> dict[str, object]:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_sleep(20)")
        return {"walls": 4}

    monkeypatch.setattr(Paint, "impact", slowly)
    monkeypatch.setattr(checking, "PATIENCE", 1)
    page = text(signed_in(amina).post("/votes/new/paint/check/", PAINT))
    assert "Working this out takes longer than 1 seconds. Nothing is lost." in page


# The words and the figures


def test_a_cut_called_a_raise_is_contradicted_for_its_author_and_for_every_reader(
    amina: Person, luis: Person, signed_in: SignedIn, matching: WorkType, client: Browser
) -> None:
    sent = rate(matching, "0.087", title="A raise for matching, from US$ 0.087 to US$ 0.12?")
    said = ("The words say “raise”. Worked out by the platform, it is a cut.", "The words name 0.12, which the change")
    page = checked(signed_in(amina), sent)
    assert all(words in page for words in said)
    signed_in(amina).post("/votes/new/rate_change/", sent)
    proposal = proposals.publish(support(Proposal.objects.get()), by=amina, at=clock.now())
    for reader in (client, signed_in(luis)):
        page = text(reader.get(f"/votes/{proposal.pk}/"))
        assert all(words in page for words in said)
    reach(proposal.opens_at)
    ballot = text(signed_in(luis).get(f"/votes/{proposal.pk}/ballot/"))
    assert all(words in ballot for words in said)


def reader_of(title: str, why: str, *, cut: bool, rule: str = "N1") -> list[str]:
    """Return what is said about these words beside a rate from 0.09 to 0.087."""
    what = (
        "Product matching: US$\u00a00.09 to US$\u00a00.087 a pair (\N{MINUS SIGN}3.3\u00a0%), US$\u00a010.80 to 10.44."
    )
    proposal = Proposal(title=title, text=why, rule=Rule(key=rule))
    return [str(line.rule) for line in wording.doubts(proposal, {"cut": cut}, [what, "US$ 1,200.50"])]


@pytest.mark.parametrize(
    ("title", "why"),
    [
        ("Shall matching pay US$ 0.087?", "About 3 % less, in 2026, for 40 people."),
        ("¿Pagar US$ 0,087 por pareja?", "Un 3,3 % menos; US$ 1.200,50 en total, o $1,200.5."),
        ("Shall matching pay 8.7 cents?", "The client asked for it."),
        ("Shall matching pay US$ 0.087?", "A day comes to US$ 10.4, and to 1200 $ in all; 3 % less."),
    ],
)
def test_words_that_say_what_the_figures_say_are_left_alone(title: str, why: str) -> None:
    assert reader_of(title, why, cut=True) == []


@pytest.mark.parametrize(
    ("title", "why", "rules"),
    [
        ("Raise matching?", "", ["P9"]),
        ("¿Subida para todos?", "", ["P9"]),
        ("¿Aumentar la tarifa?", "", ["P9"]),
        ("Shall matching pay US$ 0.078?", "", ["P9"]),
        ("Shall matching pay US$ 0.087?", "Only 2 % less.", ["P9"]),
        ("Shall matching pay US$ 0.087, by simple majority?", "", ["3.1"]),
    ],
)
def test_words_that_say_something_else_are_named(title: str, why: str, rules: list[str]) -> None:
    assert reader_of(title, why, cut=True) == rules


def test_a_raise_may_be_called_one_and_a_rule_may_speak_of_a_majority() -> None:
    assert reader_of("A raise?", "", cut=False) == []
    assert reader_of("A majority of all?", "", cut=False, rule="N15") == []


@pytest.mark.parametrize(
    ("title", "why", "said"),
    [
        ("Green? And red?", "Why.", ["These are several questions."]),
        ("Green it is", "Why.", ["The question does not end as a question."]),
        ("A change?", "Why.", ["The question does not say what changes."]),
        (" ", "\n", ["The question is missing.", "The reason is missing."]),
        ("Shall the hall be green?", "Why.", []),
    ],
)
def test_a_question_is_one_ends_as_one_and_says_what_changes(title: str, why: str, said: list[str]) -> None:
    found = wording.style(Proposal(title=title, text=why), "The hall is painted green.")
    assert [str(line.reason) for line in found] == said


# What publication refuses


def test_a_cut_too_soon_is_said_beforehand_and_refused_at_publication(
    voted: Voted, amina: Person, draft: Callable[..., Proposal]
) -> None:
    voted("N1", "red", no=20, yes=0)
    tried = checking.attempt(
        policy="paint", payload={"rule": "N1", "colour": "green"}, title="Green?", text="Why.", by=amina,
        at=clock.now(),
    )  # fmt: skip
    assert tried.refused
    [soon] = [line for line in tried.advice if line.refuses]
    with pytest.raises(Refused) as refused:
        proposals.publish(draft("N1", "green"), by=amina, at=clock.now())
    assert (soon.rule, soon.appeal) == ("3.3", refused.value.refusal.appeal)
    counted = Proposal.objects.select_related("tally").get(tally__passed=False).tally.counted_at
    assert f"{counted + timedelta(days=180):%Y}" in str(soon.appeal)


@pytest.mark.parametrize("missing", ["title", "text"])
def test_a_proposal_without_words_is_not_published_by_anybody(
    amina: Person, attack: Callable[..., None], missing: str
) -> None:
    words = {"title": "Green?", "text": "Why."} | {missing: " \n"}
    drafted = proposals.draft(
        policy="paint", payload={"rule": "N10", "colour": "green"}, title=words["title"], text=words["text"], by=amina,
        at=clock.now(),
    )  # fmt: skip
    with pytest.raises(Refused, match=r"no question, or no reason.*3\.5"):
        proposals.publish(support(drafted), by=amina, at=clock.now())
    attack(
        "UPDATE governance_proposal SET published_at = %s WHERE id = %s", (clock.now(), drafted.pk),
        guard="proposal_asks_and_says_why",
    )  # fmt: skip


def test_a_draft_whose_rate_moved_on_says_so(amina: Person, matching: WorkType) -> None:
    stale = {
        "work_type": matching.pk, "amount": "0.1", "currency": "USD", "estimated_seconds": 30, "replaces": 7,
    }  # fmt: skip
    with pytest.raises(Refused, match="The rate has changed since"):
        checking.attempt(policy="rate_change", payload=stale, title="?", text="", by=amina, at=clock.now())
