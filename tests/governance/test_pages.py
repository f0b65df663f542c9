"""The pages of votes, receipts, standing and pauses, without JavaScript, from the first click to the last."""

import re
from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from pytest_django import DjangoAssertNumQueries

from coop import clock
from coop.people.models import Person
from governance import proposals, resigning, standing, voting
from governance.models import Pause, PauseGround, PauseRequest, Proposal, Resignation, Status
from tests.governance.conftest import Voted, members, reach

pytestmark = pytest.mark.django_db
type SignedIn = Callable[[Person], Browser]


def text(answer: object) -> str:
    return re.sub(r"\s+", " ", answer.content.decode())  # type: ignore[attr-defined]


def test_everybody_may_read_the_votes(voted: Voted, client: Browser) -> None:
    proposal = voted()
    assert proposal.title in text(client.get("/votes/"))
    assert "Passed, and taking effect now" in text(client.get(f"/votes/{proposal.pk}/result/"))
    assert "Sign in" in text(client.get(f"/votes/{proposal.pk}/"))


def test_a_member_proposes_publishes_votes_and_sees_it_enacted(
    amina: Person, luis: Person, signed_in: SignedIn
) -> None:
    browser, other = signed_in(amina), signed_in(luis)
    drafted = browser.post(
        "/votes/new/paint/", {"colour": "green", "title": "Green?", "text": "It was grey."}, follow=True
    )
    assert "The hall is painted green." in text(drafted)
    proposal = Proposal.objects.get()
    address = f"/votes/{proposal.pk}/"
    assert other.get(address).status_code == 404
    browser.post(f"{address}back/")
    for person in [one for one in members() if one != amina][:4]:
        signed_in(person).post(f"{address}back/")
    assert "Being discussed" in text(browser.post(f"{address}publish/", follow=True))
    assert "Luis sees green." in text(other.get(address))

    reach(Proposal.objects.get().opens_at)
    assert "Check my vote" in text(other.get(f"{address}ballot/"))
    checked = other.post(f"{address}ballot/", {"choice": "yes"})
    assert "You chose: Yes" in text(checked)
    assert not voting.has_voted(proposal, luis)
    done = other.post(f"{address}ballot/cast/", {"choice": "yes"}, follow=True)
    words = re.search(r'class="receipt"[^>]*>([a-z-]+)<', text(done))
    assert words
    assert "Yes, it is in the box" in text(Browser().post("/votes/receipt/", {"words": words.group(1)}))

    reach(Proposal.objects.get().closes_at)
    assert "Count it now" in text(browser.get(f"{address}result/"))
    assert "Passed, and in force." in text(browser.post(f"{address}carry-on/", follow=True))
    assert "Fewer than 10 ballots" in text(Browser().get(f"{address}recount/"))
    assert Browser().get(f"{address}recount/rule.json").json()["ballots"] == 1


def test_a_ballot_without_a_choice_is_asked_again(
    published: Callable[..., Proposal], amina: Person, signed_in: SignedIn
) -> None:
    proposal = published()
    reach(proposal.opens_at)
    browser = signed_in(amina)
    assert "This field is required" in text(browser.post(f"/votes/{proposal.pk}/ballot/", {"choice": ""}))
    browser.post(f"/votes/{proposal.pk}/ballot/cast/", {"choice": "perhaps"})
    assert not voting.has_voted(proposal, amina)


def test_the_ballot_says_why_it_is_closed(
    published: Callable[..., Proposal], amina: Person, newcomer: Person, signed_in: SignedIn
) -> None:
    proposal = published()
    early = signed_in(amina).get(f"/votes/{proposal.pk}/ballot/")
    assert (early.status_code, "has not opened yet" in text(early)) == (409, True)
    reach(proposal.opens_at)
    stranger = signed_in(newcomer).post(f"/votes/{proposal.pk}/ballot/cast/", {"choice": "yes"})
    assert (stranger.status_code, "not on the roll" in text(stranger)) == (403, True)


def test_a_result_is_not_shown_before_the_close(published: Callable[..., Proposal], client: Browser) -> None:
    proposal = published()
    assert client.get(f"/votes/{proposal.pk}/result/").status_code == 302
    assert client.get(f"/votes/{proposal.pk}/recount/").status_code == 404


def test_the_form_of_a_proposal_says_what_is_wrong(amina: Person, newcomer: Person, signed_in: SignedIn) -> None:
    answer = signed_in(amina).post("/votes/new/paint/", {"colour": "beige", "title": "Beige?", "text": "Why not."})
    assert "Not beige." in text(answer)
    assert "Members vote" in text(signed_in(newcomer).get("/votes/new/paint/"))
    assert signed_in(amina).get("/votes/new/ban/").status_code == 404


def test_script_in_a_proposal_comes_out_as_text(amina: Person, signed_in: SignedIn) -> None:
    said = {"colour": "red", "title": "<script>alert(1)</script>", "text": "<img src=x onerror=alert(1)>"}
    page = text(signed_in(amina).post("/votes/new/paint/", said, follow=True))
    assert "<script>alert" not in page
    assert "<img src=x" not in page


def test_a_wrong_receipt_is_not_found(client: Browser) -> None:
    assert "We do not find it" in text(client.post("/votes/receipt/", {"words": "river seven"}))


def test_my_standing_shows_a_pause_with_its_reason_and_end(
    amina: Person, paused: Callable[..., Pause], signed_in: SignedIn
) -> None:
    paused(amina, hours=5)
    page = text(signed_in(amina).get("/standing/"))
    assert "Signed in from two continents at once." in page
    assert re.search(r"Samuel\b[^<]* \(safety officer\), Teresa\b[^<]* \(treasurer\)", page)
    assert "(in 4 hours)" in page or "(in 5 hours)" in page


def test_two_officers_pause_a_member_over_the_pages(
    amina: Person, samuel: Person, teresa: Person, luis: Person, signed_in: SignedIn
) -> None:
    first, second = signed_in(samuel), signed_in(teresa)
    said = {"member": amina.email, "ground": PauseGround.DATA_LEAVING, "reach": "work", "reason": "Copied 4,000 tasks.",
            "evidence": "log of 22 November", "hours": "2"}  # fmt: skip
    assert "Nothing is paused until" in text(first.post("/pauses/new/", said, follow=True))
    asked = PauseRequest.objects.get()
    assert first.post(f"/pauses/{asked.pk}/confirm/").status_code == 403
    assert signed_in(luis).post(f"/pauses/{asked.pk}/confirm/").status_code == 403
    assert standing.refusal(amina, doing="work", at=clock.now()) is None
    assert "It ends by itself in 2 hours" in text(second.post(f"/pauses/{asked.pk}/confirm/", follow=True))
    assert standing.refusal(amina, doing="work", at=clock.now()) is not None


def test_pauses_are_the_officers_page(amina: Person, signed_in: SignedIn) -> None:
    assert signed_in(amina).get("/pauses/").status_code == 403
    assert signed_in(amina).get("/pauses/new/").status_code == 403


def test_nobody_is_paused_who_is_not_here(samuel: Person, signed_in: SignedIn) -> None:
    said = {"member": "who@example.org", "ground": "slow_work", "reason": "x", "evidence": "y", "hours": "99"}
    page = text(signed_in(samuel).post("/pauses/new/", said))
    assert "Nobody here has this e-mail" in page
    assert "less than or equal to 72" in page


def test_leaving_is_two_clicks_and_only_ones_own(amina: Person, signed_in: SignedIn) -> None:
    browser = signed_in(amina)
    assert browser.get("/standing/leave/").status_code == 200
    assert standing.status(amina) == Status.MEMBER
    browser.post("/standing/leave/", {"sure": "on", "pressure": "none"})
    assert "You have given notice" in text(browser.get("/standing/"))
    browser.post("/standing/stay/")
    assert "You have given notice" not in text(browser.get("/standing/"))
    browser.post("/standing/leave/", {"sure": "on", "pressure": "none"})
    resigning.leave_due(reach(Resignation.objects.get(taken_back_at=None).due_at))
    assert standing.status(amina) == Status.LEFT


def test_a_members_votes_cost_as_much_with_one_as_with_many(
    draft: Callable[..., Proposal], voted: Voted, amina: Person, signed_in: SignedIn,
) -> None:  # fmt: skip
    browser = signed_in(amina)
    voted(colour="red")
    first = proposals.publish(draft(colour="blue"), by=amina, at=clock.now())
    draft(colour="grey")
    reach(first.opens_at)
    with CaptureQueriesContext(connection) as few:
        assert "you voted" in text(browser.get("/votes/"))
    for colour in ("white", "black", "pink"):
        proposals.publish(draft(colour=colour), by=amina, at=clock.now())
        draft(colour=f"light {colour}")
    at = reach(Proposal.objects.exclude(published_at=None).latest("opens_at").opens_at)
    # A vote that is over and not counted yet is asked about by itself, for minutes.
    voting.close(first, at=at)
    with CaptureQueriesContext(connection) as many:
        page = text(browser.get("/votes/"))
    assert page.count("read and vote") == 3
    assert len(many) == len(few) == 12


def test_pages_cost_a_known_number_of_queries(
    published: Callable[..., Proposal],
    amina: Person,
    signed_in: SignedIn,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    proposal, browser = published(), signed_in(amina)
    with django_assert_max_num_queries(13):
        browser.get("/votes/")
    with django_assert_max_num_queries(12):
        browser.get(f"/votes/{proposal.pk}/")


def test_a_paused_member_reads_it_on_the_first_page(
    amina: Person, paused: Callable[..., Pause], signed_in: SignedIn
) -> None:
    paused(amina, hours=5)
    assert "New work is paused for you" in text(signed_in(amina).get("/"))
