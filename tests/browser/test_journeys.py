"""Five journeys from the first click to the last, by thumb on a phone, without a line of JavaScript."""

import csv
import io
import json
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

from django.core import mail
from playwright.sync_api import Page, expect

from coop import clock
from coop.demo import life
from coop.people.models import Client, Person
from coop.record.models import Event
from governance import supporting, voting
from governance.models import Proposal, RollEntry
from payments.models import WorkType
from tasks.models import Job
from tests.browser.conftest import Door
from tests.governance.conftest import reach
from tests.tasks.conftest import SAME, make_job, work


def press(page: Page, button: str) -> None:
    """Press a button by the words on it."""
    page.get_by_role("button", name=button, exact=True).click()


def follow(page: Page, link: str) -> None:
    """Follow a link by its words."""
    page.get_by_role("link", name=link, exact=True).first.click()


def reads(page: Page, *words: str) -> None:
    """Assert that the page says this, wherever a reader would see it."""
    for said in words:
        expect(page.locator("body")).to_contain_text(said, use_inner_text=True)


def fill(page: Page, **fields: str) -> None:
    """Write into fields by their names."""
    for name, value in fields.items():
        page.locator(f"[name={name}]").fill(value)


def choose(page: Page, label: str) -> None:
    """Choose an answer by its label."""
    page.get_by_role("radio", name=label, exact=True).check()


# Joining and being paid for learning


def open_the_link_in_the_mail(page: Page) -> None:
    [message] = mail.outbox
    link = re.search(r"https?://[^/]+(/account/\S+)", str(message.body))
    assert link
    page.goto(link[1])
    press(page, "Yes, it is mine")


def answer_the_questions(page: Page, *, wrong: str) -> None:
    """Answer all questions of the onboarding as they come, wrongly where the right one is `wrong`."""
    for _question in life.ONBOARDING:
        expect(page.get_by_role("button", name="Send and get next")).to_be_visible()
        shown = page.locator("main").inner_text()
        _text, labels, right, why = next(question for question in life.ONBOARDING if question[0] in shown)
        choose(page, next(label for label in labels if label != right) if right == wrong else right)
        press(page, "Send and get next")
        reads(page, why)


def test_somebody_joins_learns_and_is_paid(door: Door) -> None:
    page = door()
    page.goto("/")
    follow(page, "Join")
    fill(page, email="wanjiku@people.example", password1="a long sentence 7", name="Wanjiku")
    page.locator("[name=country]").select_option("KE")
    page.locator("[name=time_zone]").select_option("Africa/Nairobi")
    press(page, "Join")
    reads(page, "Look into your mail")
    open_the_link_in_the_mail(page)
    fill(page, login="wanjiku@people.example", password="a long sentence 7")
    press(page, "Sign in")
    reads(page, "5 questions", "US$ 1.50 in all: paid whether you pass or not", "right or wrong US$ 0.30")

    press(page, "Accept this rate and start")
    answer_the_questions(page, wrong="US$ 10.80")
    reads(page, "4 of 5 right. US$ 1.50 is yours", "You are a candidate now", "not right", "US$ 5.40")
    follow(page, "Pay")
    reads(page, "Ready US$ 1.50")
    expect(page.locator("tbody tr")).to_have_count(5)
    page.goto("/standing/")
    reads(page, "You are: Candidate")


# Posting, funding, downloading


def write_to_the_price(page: Page, title: str = "Same or not?") -> None:
    """Write a new job from its kind to where its price is asked."""
    press(page, "Choose Compare products")
    press(page, "Save and go on")
    fill(page, title=title, question="Same product?", labels="Same\nDifferent")
    press(page, "Save and go on")
    fill(page, guide="Look **twice**.")
    press(page, "Save and go on")
    press(page, "Save and go on")


def offer(page: Page, pay: str) -> None:
    """Offer a pay where the price is asked."""
    fill(page, pay=pay)
    press(page, "Save and go on")


def finish(page: Page) -> None:
    """Go from the last step to the job that is made."""
    press(page, "Save and go on")
    press(page, "Make the job")


def send_a_file(page: Page, name: str, *rows: str) -> None:
    content = "\n".join(["id,left,right", *rows, ""]).encode()
    page.locator("[name=file]").set_input_files({"name": name, "mimeType": "text/csv", "buffer": content})
    press(page, "Send the file")


def go_round_the_page(page: Page, action: str) -> str:
    """Send what the page offers no button for, as somebody with a console would; return the answer's text."""
    token = page.locator("[name=csrfmiddlewaretoken]").first.get_attribute("value") or ""
    answer = page.request.post(
        f"{page.url}{action}/", form={"csrfmiddlewaretoken": token}, headers={"Referer": page.url}
    )
    assert answer.status == 403
    return " ".join(answer.text().split())


def downloaded(page: Page, address: str) -> str:
    with page.expect_download() as download:
        page.locator(f'a[href$="{address}"]').click()
    return Path(download.value.path()).read_text()


def test_a_client_posts_funds_and_takes_the_answers_home(
    door: Door, olga: Person, amina: Person, luis: Person, priya: Person
) -> None:
    page = door(olga)
    follow(page, "Orbit")
    follow(page, "Post a job")
    write_to_the_price(page)
    offer(page, "0.08")
    reads(page, "(N1) Offer US$ 0.09 or more.")
    offer(page, "0.09")
    finish(page)
    reads(page, "The price is known when the tasks are here")
    job = Job.objects.get(title="Same or not?")

    follow(page, "Send a data set")
    send_a_file(page, "broken.csv", "p1,Kettle,Kettle 1.7 l", "p2,Lamp", "p1,Cup,Mug")
    reads(page, "2 problems, nothing added", "broken.csv")
    assert [row.inner_text().split("\t")[0] for row in page.locator("tbody tr").all()] == ["3", "4"]
    send_a_file(page, "good.csv", "p1,Kettle,Kettle 1.7 l", "p2,Lamp,Desk lamp")
    reads(page, "2 tasks added")

    page.goto(f"/c/orbit/jobs/{job.pk}/")
    reads(page, "US$ 0.918 is still to be set aside", "2 tasks, 3 answers to each", "US$ 0.54", "US$ 0.918")
    assert "set aside" in go_round_the_page(page, "open")
    press(page, "Set US$ 0.918 aside")
    reads(page, "The money is set aside.")
    press(page, "Open the job")
    reads(page, "The job is open.", "0 of 6 answers accepted")

    for who, label in ((amina, "Same"), (luis, "Same"), (priya, "Different")):
        work(job, who, {"labels": [label]})
    page.reload()
    reads(page, "2 of 6 answers accepted")
    rows = list(csv.DictReader(io.StringIO(downloaded(page, "results.csv"))))
    assert [(row["id"], row["labels"]) for row in rows] == [("p1", "Same"), ("p1", "Same"), ("p1", "Different")]
    lines = [json.loads(line) for line in downloaded(page, "results.jsonl?view=results").splitlines()]
    assert [(line["id"], line["result"]) for line in lines] == [("p1", {"labels": ["Same"]})]
    assert "Amina" not in json.dumps([rows, lines])


# Working and being paid out


def answer_as_same(page: Page) -> None:
    choose(page, "Same")
    press(page, "Send and get next")


def claim(page: Page, job: Job) -> None:
    page.goto("/jobs/")
    follow(page, job.title)
    press(page, "Accept this rate and start")


def test_a_member_sees_the_rate_works_and_is_paid_out(
    door: Door, orbit: Client, olga: Person, amina: Person, luis: Person, teresa: Person, petra: Person
) -> None:
    job = make_job(orbit, olga, tasks=2, overlap=2, pay=Decimal("0.75"), title="Kettles")
    phone = door(amina)
    phone.goto("/jobs/")
    follow(phone, "Kettles")
    reads(phone, "US$ 0.75", "US$ 90.00", "with a reason and the place", "Client Orbit")
    press(phone, "Accept this rate and start")
    reads(phone, "Kettle 1", "Steel kettle 1")
    answer_as_same(phone)
    reads(phone, "Sent. US$ 0.75 being checked until", "Kettle 2")
    answer_as_same(phone)
    reads(phone, "There is no further task for you in this job")

    other = door(luis)
    claim(other, job)
    answer_as_same(other)
    reads(other, "Sent and accepted. US$ 0.75 is yours.")
    answer_as_same(other)

    follow(phone, "Pay")
    reads(phone, "Ready US$ 1.50", "Being checked US$ 0.00")
    follow(phone, "Pay me now")
    press(phone, "Ask for this payout")
    reads(phone, "The cooperative holds your money")
    two_officers_pay_it_out(door(teresa), door(petra))
    phone.reload()
    reads(phone, "Received", "confirmed by the secretary", "Reference: MP-77")


def two_officers_pay_it_out(first: Page, second: Page) -> None:
    """The treasurer sends what waits at the desk; the secretary, not the treasurer, confirms that it arrived."""
    for officer in (first, second):
        officer.goto("/desk/")
        officer.get_by_role("link", name=re.compile("^Payout .*Amina$")).click()
        if officer is first:
            fill(officer, reference="MP-77")
            press(officer, "I have sent it")
            reads(officer, "Another officer confirms that it arrived")
            officer.get_by_role("link", name=re.compile("^Payout .*Amina$")).click()
            reads(officer, "You sent this payout")
        else:
            press(officer, "It arrived")
            reads(officer, "Confirmed.")


# Proposing, voting, enacting


def propose_a_cut(page: Page) -> Proposal:
    """Draft and publish: product matching from US$ 0.09 to 0.087, a small cut."""
    follow(page, "Votes")
    follow(page, "Propose something")
    follow(page, "A new rate for a kind of work")
    page.locator("[name=work_type]").select_option(label=str(WorkType.objects.get(slug="product-match")))
    fill(page, amount="0.087", estimated_seconds="30", title="Shall matching pay US$ 0.087?", text="To win a client.")
    press(page, "Write the draft")
    reads(page, "US$ 0.09 to US$ 0.087", "What changes for you", "US$ 0.003 less for all", "0 of 5 members back it")
    press(page, "Put it before the members")
    # Four more back it on their own phones.
    draft = Proposal.objects.get()
    others = [name for name in ("amina", "luis", "priya", "grace", "omar") if life.person(name) != draft.proposed_by]
    for name in others[:4]:
        supporting.back(draft, by=life.person(name), at=clock.now())
    page.reload()
    reads(page, "5 of 5 members back it", "After publishing nobody can change it")
    press(page, "Publish")
    reads(page, "Being discussed", "2/3", "People who did this work in the last 28 days fewer than five")
    return Proposal.objects.get()


def vote_by_ballot(page: Page, choice: str) -> str:
    """Vote on the proposal that the page shows and return the words of the receipt."""
    follow(page, "Go to the ballot")
    choose(page, choice)
    press(page, "Check my vote")
    reads(page, f"You chose: {choice}")
    press(page, "Cast my vote")
    reads(page, "Your vote is in")
    return page.locator(".receipt").inner_text()


def check_the_receipt(page: Page, words: str) -> None:
    page.goto("/votes/receipt/")
    fill(page, words=words)
    press(page, "Check")
    reads(page, "Yes, it is in the box", "Nobody can see from this how you voted")


def let_the_others_vote(proposal: Proposal, *, count: int) -> None:
    waiting = [entry.person for entry in RollEntry.objects.filter(proposal=proposal).select_related("person")]
    undecided = [person for person in waiting if not voting.has_voted(proposal, person)]
    for person in undecided[:count]:
        voting.cast(proposal, "yes", by=person, at=clock.now())


def test_members_propose_vote_and_carry_it_out_and_a_card_keeps_its_pay(
    door: Door, orbit: Client, olga: Person, amina: Person, luis: Person
) -> None:
    job = make_job(orbit, olga, overlap=2, title="Kettles", time_limit=timedelta(days=60))
    for who in (amina, luis):
        work(job, who, SAME)
    mine, visitor = door(luis), door()
    proposal = propose_a_cut(mine)
    address = f"/votes/{proposal.pk}/"
    amina_page = door(amina)
    claim(amina_page, job)
    task = amina_page.url

    reach(proposal.opens_at)
    for page, choice in ((mine, "Yes"), (amina_page, "No")):
        page.goto(address)
        check_the_receipt(visitor, vote_by_ballot(page, choice))
    let_the_others_vote(proposal, count=26)

    reach(proposal.closes_at)
    mine.goto(f"{address}result/")
    press(mine, "Count it now")
    reads(mine, "Passed. It takes effect when its waiting time is over.")
    reads(mine, "Yes 27 No 1 Abstain 0 On the roll 36")
    visitor.goto("/rates/")
    reads(visitor, "US$ 0.09 a task")
    reach(Proposal.objects.get().mandate.due_at)
    mine.goto(f"{address}result/")
    press(mine, "Carry it out now")
    reads(mine, "Passed, and in force.")

    visitor.goto("/rates/")
    reads(visitor, "US$ 0.087 a task")
    visitor.goto("/rates/product-match/")
    follow(visitor, f"vote {proposal.pk}")
    reads(visitor, "In force", "Shall matching pay US$ 0.087?", "See the result")
    amina_page.goto(task)
    answer_as_same(amina_page)
    reads(amina_page, "US$ 0.09 being checked")


# A pause that ends by itself


def ask_for_a_pause(page: Page, of: Person) -> None:
    page.goto("/pauses/new/")
    fill(page, member=of.email, reason="Signed in from two continents.", evidence="log of today", hours="72")
    page.locator("[name=ground]").first.check()
    page.locator("[name=reach][value=work]").check()
    press(page, "Ask for it")
    reads(page, "Nothing is paused until an officer with another post confirms it.")


def confirm_the_pause(page: Page) -> None:
    page.goto("/pauses/")
    press(page, "Confirm as second officer")
    reads(page, "It ends by itself in 72 hours")


def test_a_pause_says_why_and_ends_by_itself(
    door: Door,
    orbit: Client,
    olga: Person,
    luis: Person,
    samuel: Person,
    petra: Person,
    later: Callable[..., datetime],
) -> None:
    job = make_job(orbit, olga, title="Kettles")
    page = door(luis)
    ask_for_a_pause(door(samuel), of=luis)
    page.goto("/")
    expect(page.locator("main")).not_to_contain_text("paused")
    confirm_the_pause(door(petra))
    page.reload()
    reads(page, "New work is paused for you", "It ends by itself")
    page.goto("/standing/")
    reads(page, "Signed in from two continents.", "Samuel (safety officer), Petra (secretary)", "Ends by itself")
    page.goto(f"/jobs/{job.pk}/")
    expect(page.get_by_role("button", name="Accept this rate and start")).to_have_count(0)
    reads(page, "paused")
    page.goto("/pay/")
    reads(page, "Ready")
    page.goto("/votes/")
    expect(page.get_by_role("link", name="Propose something")).to_be_visible()

    before = Event.objects.count()
    later(hours=72, seconds=1)
    claim(page, job)
    reads(page, "Kettle 1")
    assert Event.objects.count() == before + 1
