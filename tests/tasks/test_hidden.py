"""Content that a client did not name: reported by members, found by an officer, paid for, and named."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test import Client as Browser

from coop import clock
from coop.people.models import Client, Person
from coop.record.models import Event
from coop.refusals import Refused
from governance.models import Office
from payments import accounts, escrow, invariants, ledger, open_ledger, published
from payments.models import Account, Transfer, WorkType
from payments.open_ledger import Month
from tasks import background, cards, checks, claims, content, drafting, hidden, jobs, reports, reviews, sketches
from tasks.models import Ground, HiddenContent, Job, Report, Sketch
from tests.governance.conftest import reach
from tests.payments.test_attacks import POST, posting
from tests.tasks import orders
from tests.tasks.conftest import SAME, make_job, work
from tests.tasks.test_promises import CLAIM, facts
from tests.tasks.test_sketches import WHOLE, make, pilot

type Attack = Callable[..., None]
type SignedIn = Callable[[Person], Browser]

WHY = "The pictures show open wounds in most tasks."
FIND = "INSERT INTO tasks_hiddencontent (job_id, topic, reason, found_by_id) VALUES (%s, %s, %s, %s)"
NAME = "UPDATE tasks_job SET content = %s WHERE id = %s"


def met(job: Job, *people: Person, topic: str = "medical") -> None:
    """Let members meet what the card did not say."""
    for who in people:
        mine = claims.claim_next(job, by=who, at=clock.now())
        reports.report(mine, words="It shows a wound.", topic=topic, by=who, at=clock.now())


@pytest.fixture
def reported(job: Job, amina: Person, luis: Person) -> Job:
    """Return a job of which two members reported a topic that its card does not name."""
    met(job, amina, luis)
    return job


@pytest.fixture
def found(reported: Job, samuel: Person) -> HiddenContent:
    """Return what the safety officer found; its client has the money."""
    orders.deposit(reported.client, "100")
    return hidden.find(reported, topic="medical", reason=WHY, by=samuel, at=clock.now())


@pytest.fixture
def poor(reported: Job, olga: Person) -> Job:
    """Return that job, its client without any money left beside it."""
    rest = escrow.available(reported.client)
    escrow.fund(reported.pk, rest, reported.client, 999, by=olga, at=clock.now())
    return reported


def office(of: Person) -> Office:
    return Office.objects.get(person=of)


def test_the_client_pays_for_each_who_met_it(reported: Job, samuel: Person) -> None:
    orders.deposit(reported.client, "100")
    care, had = ledger.balance(accounts.CARE), ledger.balance(accounts.client(reported.client_id))
    found = hidden.find(reported, topic="medical", reason=WHY, by=samuel, at=clock.now())
    assert (found.people, found.amount) == (2, Decimal(10))
    assert ledger.balance(accounts.CARE) - care == 10
    assert had - ledger.balance(accounts.client(reported.client_id)) == 10
    assert not any(invariants.broken().values())
    told = Event.objects.get(kind="content.hidden")
    assert told.data == {"topic": "medical", "client": reported.client_id, "people": 2}


def test_the_open_ledger_and_its_files_name_what_was_paid(reported: Job, samuel: Person) -> None:
    month = Month.of(clock.now())
    share = open_ledger.figures(month).share
    orders.deposit(reported.client, "100")
    hidden.find(reported, topic="medical", reason=WHY, by=samuel, at=clock.now())
    figures = open_ledger.figures(month)
    assert {flow.name: flow.amount for flow in figures.flows}["concealed"] == Decimal(10)
    assert figures.share == share
    assert [row["amount"] for row in published.rows(figures) if row["item"] == "concealed"] == [Decimal(10)]
    assert "showed what they had not named" not in Browser().get("/ledger/").text
    reach(month.after + timedelta(hours=2))
    assert "showed what they had not named" in Browser().get("/ledger/").text


def test_who_has_no_money_pays_as_soon_as_it_comes(poor: Job, samuel: Person) -> None:
    found = hidden.find(poor, topic="medical", reason=WHY, by=samuel, at=clock.now())
    assert not hidden.of(poor)[0].paid  # type: ignore[attr-defined]  # set for the page
    assert background.pay_hidden(0) == 0
    orders.deposit(poor.client, "9")
    assert background.pay_hidden(0) == 0
    orders.deposit(poor.client, "1")
    assert background.pay_hidden(0) == 1
    assert background.pay_hidden(0) == 0
    assert Transfer.objects.get(ref=f"hidden:{found.pk}").amount == 10


def test_the_job_waits_until_it_is_paid_and_named(poor: Job, samuel: Person, priya: Person, olga: Person) -> None:
    before = cards.card_for(poor, at=clock.now()).pk
    hidden.find(poor, topic="medical", reason=WHY, by=samuel, at=clock.now())
    with pytest.raises(Refused, match="did not say"):
        claims.claim_next(poor, by=priya, at=clock.now())
    with pytest.raises(Refused, match="a fifth more"):
        hidden.name(poor, topic="medical", share="most", by=olga, at=clock.now())
    orders.deposit(poor.client, "100")
    jobs.raise_pay(poor, pay=Decimal("0.108"), by=olga, at=clock.now())
    named = hidden.name(Job.objects.get(pk=poor.pk), topic="medical", share="most", by=olga, at=clock.now())
    assert named.content == {"medical": "most"}
    content.choose(priya, ["medical"], None, by=priya, at=clock.now())
    with pytest.raises(Refused, match="did not say"):
        claims.claim_next(named, by=priya, at=clock.now())
    assert background.pay_hidden(0) == 1
    mine = claims.claim_next(Job.objects.get(pk=named.pk), by=priya, at=clock.now())
    assert mine.card_id != before


@pytest.mark.parametrize(("topic", "reason"), [("medical", "short"), ("hate", WHY), ("nothing", WHY)])
def test_an_officer_finds_only_what_was_reported_and_says_why(
    reported: Job, samuel: Person, topic: str, reason: str
) -> None:
    with pytest.raises(Refused):
        hidden.find(reported, topic=topic, reason=reason, by=samuel, at=clock.now())
    assert not HiddenContent.objects.exists()


def test_one_report_is_not_enough_and_nobody_else_finds(
    job: Job, amina: Person, samuel: Person, petra: Person, olga: Person
) -> None:
    met(job, amina)
    with pytest.raises(Refused, match="Two members"):
        hidden.find(job, topic="medical", reason=WHY, by=samuel, at=clock.now())
    for who in (petra, olga, amina):
        with pytest.raises(Refused):
            hidden.find(job, topic="medical", reason=WHY, by=who, at=clock.now())


def test_who_reported_it_does_not_find_it(job: Job, amina: Person, luis: Person, samuel: Person) -> None:
    met(job, amina, luis, samuel)
    with pytest.raises(Refused, match="not you"):
        hidden.find(job, topic="medical", reason=WHY, by=samuel, at=clock.now())


def test_what_is_named_is_not_reported_as_hidden(orbit: Client, olga: Person, amina: Person) -> None:
    content.choose(amina, ["hate"], None, by=amina, at=clock.now())
    job = make_job(orbit, olga, content={"hate": "some"}, pay=Decimal("0.108"))
    mine = claims.claim_next(job, by=amina, at=clock.now())
    with pytest.raises(Refused, match="names that topic already"):
        reports.report(mine, words="Hate.", topic="hate", by=amina, at=clock.now())


# As the web role.


def test_topics_are_reported_by_who_met_them(job: Job, amina: Person, luis: Person, attack: Attack) -> None:
    mine = claims.claim_next(job, by=amina, at=clock.now())
    report = "INSERT INTO tasks_report (task_id, person_id, words, topic, at) VALUES (%s, %s, 'x', %s, coop_now())"
    attack(report, [mine.task_id, luis.pk, "medical"], guard="topics_are_reported_by_who_met_them")


def test_hidden_content_is_found_by_reports(
    reported: Job, samuel: Person, teresa: Person, amina: Person, attack: Attack
) -> None:
    guard = "hidden_content_is_found_by_reports"
    attack(FIND, [reported.pk, "hate", WHY, office(samuel).pk], guard=guard)
    attack(FIND, [reported.pk, "medical", "short", office(samuel).pk], guard=guard)
    attack(FIND, [reported.pk, "medical", WHY, office(teresa).pk], guard=guard)
    attack(
        FIND.replace("found_by_id) VALUES", "found_by_id, amount) VALUES").replace("%s)", "%s, 1)"),
        [reported.pk, "hate", WHY, office(samuel).pk], guard=guard,
    )  # fmt: skip


def test_no_amount_is_the_officers_own(reported: Job, samuel: Person) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            FIND.replace("found_by_id)", "found_by_id, amount, people)").replace("%s)", "%s, 1, 99)"),
            [reported.pk, "medical", WHY, office(samuel).pk],
        )
    found = HiddenContent.objects.get()
    assert (found.amount, found.people) == (Decimal(10), 2)


def test_a_topic_is_found_once(found: HiddenContent, samuel: Person, attack: Attack) -> None:
    attack(FIND, [found.job_id, "medical", WHY, office(samuel).pk], guard="a_topic_is_found_once")
    attack("UPDATE tasks_hiddencontent SET reason = 'x'", guard="permission denied")


def test_hidden_content_is_paid_as_found(poor: Job, samuel: Person, attack: Attack) -> None:
    found = hidden.find(poor, topic="medical", reason=WHY, by=samuel, at=clock.now())
    orders.deposit(poor.client, "100")
    mine, guard = accounts.client(poor.client_id), "hidden_content_is_paid_as_found"
    Account.objects.get_or_create(code="client:999:available", kind="client:available")
    for source, target, amount, ref in (
        (mine, "fund:care", 10_000_001, f"hidden:{found.pk}"), (mine, "fund:care", 9_999_999, f"hidden:{found.pk}"),
        (mine, "fund:care", 10_000_000, "hidden:0"), (mine, "fund:care", 10_000_000, "job:1"),
    ):  # fmt: skip
        attack(POST, posting(42, source, target, amount, ref), guard=guard)
    attack(POST, posting(42, mine, "fund:training", 10_000_000, f"hidden:{found.pk}"), guard=guard)
    assert hidden.pay(found, at=clock.now())
    attack(POST, posting(42, mine, "fund:care", 10_000_000, f"hidden:{found.pk}"), guard="facts_are_posted_once")


def test_nobody_goes_on_before_it_is_named(
    job: Job, amina: Person, luis: Person, samuel: Person, priya: Person, attack: Attack
) -> None:
    like = claims.claim_next(job, by=priya, at=clock.now())
    met(job, amina, luis)
    hidden.find(job, topic="medical", reason=WHY, by=samuel, at=clock.now())
    attack(CLAIM, facts(like, samuel), guard="nobody_goes_on_before_it_is_named")


CHECK = "INSERT INTO tasks_check (assignment_id, person_id, state) VALUES (%s, %s, 'open')"


def test_nobody_checks_before_it_is_named(
    new_job: Callable[..., Job], amina: Person, luis: Person, samuel: Person, priya: Person, petra: Person,
    olga: Person, attack: Attack,
) -> None:  # fmt: skip
    job = new_job(overlap=1, review_rule="peer")
    done, other = work(job, amina, SAME), work(job, amina, SAME)
    met(job, amina, luis)
    assert reviews.next_for(priya, at=clock.now()) == done
    begun = work(job, amina, SAME)
    checks.take(begun, by=petra, at=clock.now())
    hidden.find(job, topic="medical", reason=WHY, by=samuel, at=clock.now())
    reviews.accept(begun, by=petra, at=clock.now())
    attack(CHECK, [done.pk, priya.pk], guard="nobody_checks_before_it_is_named")
    assert reviews.next_for(priya, at=clock.now()) is None
    with pytest.raises(Refused, match="did not say"):
        checks.take(done, by=priya, at=clock.now())
    reviews.accept(other, by=olga, at=clock.now(), ground=Ground.CLIENT)
    jobs.raise_pay(job, pay=Decimal("0.108"), by=olga, at=clock.now())
    hidden.name(Job.objects.get(pk=job.pk), topic="medical", share="most", by=olga, at=clock.now())
    assert reviews.next_for(priya, at=clock.now()) is None
    content.choose(priya, ["medical"], None, by=priya, at=clock.now())
    assert reviews.next_for(priya, at=clock.now()) == done
    assert checks.take(done, by=priya, at=clock.now())


def test_only_what_was_found_is_named(found: HiddenContent, olga: Person, attack: Attack) -> None:
    guard = "job_content_is_frozen"
    for said in ('{"hate": "some"}', '{"medical": "never"}', '{"medical": "some"}'):  # the last: no pay for rests yet
        attack(NAME, [said, found.job_id], guard=guard)
    jobs.raise_pay(found.job, pay=Decimal("0.108"), by=olga, at=clock.now())
    with connection.cursor() as cursor:
        cursor.execute(NAME, ['{"medical": "some"}', found.job_id])
    for said in ("{}", '{"medical": "rare"}', '{"medical": "some", "hate": "some"}'):
        attack(NAME, [said, found.job_id], guard=guard)


def test_the_officer_and_the_client_do_it_on_their_pages(
    reported: Job, samuel: Person, amina: Person, olga: Person, signed_in: SignedIn
) -> None:
    assert signed_in(amina).get("/looks/content/").status_code == 403
    page = signed_in(samuel).get("/looks/content/").text
    assert "It shows a wound." in page
    assert "/looks/content/" in signed_in(samuel).get("/looks/").text
    signed_in(samuel).post(f"/looks/content/{reported.pk}/medical/", {"reason": "no"})
    assert not HiddenContent.objects.exists()
    signed_in(samuel).post(f"/looks/content/{reported.pk}/medical/", {"reason": WHY})
    assert HiddenContent.objects.get().job == reported
    orders.deposit(reported.client, "100")
    assert WHY in signed_in(amina).get(f"/jobs/{reported.pk}/").text
    address = f"/c/{reported.client.slug}/jobs/{reported.pk}/"
    assert "Name it on the card" in signed_in(olga).get(address).text
    jobs.raise_pay(reported, pay=Decimal("0.108"), by=olga, at=clock.now())
    signed_in(olga).post(f"{address}content/", {"topic": "medical", "share": "some"})
    assert Job.objects.get(pk=reported.pk).content == {"medical": "some"}


def test_a_member_says_the_topic_on_the_task_page(job: Job, amina: Person, signed_in: SignedIn) -> None:
    mine = claims.claim_next(job, by=amina, at=clock.now())
    assert "Wounds, illness and operations" in signed_in(amina).get(f"/work/{mine.pk}/").text
    signed_in(amina).post(f"/work/{mine.pk}/report/", {"words": "A wound.", "topic": "medical"})
    assert Report.objects.get().topic == "medical"
    assert work(job, amina, SAME).state == "submitted"


# What a draft's pilots showed


@pytest.fixture
def draft(orbit: Client, olga: Person) -> Sketch:
    """Return a draft with two pilots, in the first of which nobody worked yet."""
    orders.deposit(orbit, "500")
    kind = WorkType.objects.get(slug="product-match")
    made = sketches.begin(orbit, work_type=kind, by=olga, at=clock.now())
    sketches.bring(made, orders.file_of(orders.rows_of(30)), by=olga)
    sketches.keep(made, WHOLE, by=olga)
    for _number in range(2):
        pilot(Sketch.objects.get(pk=made.pk), olga, tasks=6)
    return Sketch.objects.select_related("client", "work_type").get(pk=made.pk)


def test_what_a_pilot_showed_stops_every_pilot_and_the_job_of_its_draft(
    draft: Sketch, olga: Person, amina: Person, luis: Person, samuel: Person, signed_in: SignedIn
) -> None:
    first, second = (Job.objects.get(pk=pk) for pk in draft.pilots)
    met(first, amina, luis)
    desk = signed_in(samuel)
    assert 'name="with_data"' in desk.get("/looks/content/").text
    desk.post(f"/looks/content/{first.pk}/medical/", {"reason": WHY, "with_data": "1"})
    with pytest.raises(Refused, match="what its card did not say"):
        claims.claim_next(second, by=samuel, at=clock.now())
    assert ["Wounds" in str(one.words) for one in drafting.findings(draft) if "A pilot showed" in str(one.words)] == [
        True
    ]
    job = make(draft, olga)
    assert hidden.hides(job)
    assert "another job with the same data" in signed_in(olga).get(f"/c/{job.client.slug}/jobs/{job.pk}/").text
    opened = jobs.open(jobs.fund(job, by=olga, at=clock.now()), by=olga, at=clock.now())
    with pytest.raises(Refused, match="what its card did not say"):
        claims.claim_next(opened, by=samuel, at=clock.now())
    raised = jobs.raise_pay(opened, pay=opened.pay * 6 / 5, by=olga, at=clock.now())
    hidden.name(raised, topic="medical", share="most", by=olga, at=clock.now())
    assert (hidden.hides(job), hidden.hides(second)) == (False, True)
    content.choose(samuel, ["medical"], None, by=samuel, at=clock.now())
    assert claims.claim_next(Job.objects.get(pk=job.pk), by=samuel, at=clock.now())


def test_what_the_draft_names_lets_its_job_go_on(
    draft: Sketch, olga: Person, amina: Person, luis: Person, samuel: Person
) -> None:
    first = Job.objects.get(pk=draft.pilots[0])
    met(first, amina, luis)
    hidden.find(first, topic="medical", reason=WHY, with_data=True, by=samuel, at=clock.now())
    sketches.keep(draft, {"content_medical": "most", "pay": "0.50"}, by=olga)
    named = Sketch.objects.select_related("client", "work_type").get(pk=draft.pk)
    assert [one for one in drafting.findings(named) if "A pilot showed" in str(one.words)] == []
    assert not hidden.hides(make(named, olga))


def test_what_members_wrote_in_a_pilot_stops_that_one_alone(
    draft: Sketch, olga: Person, amina: Person, luis: Person, samuel: Person
) -> None:
    first, second = (Job.objects.get(pk=pk) for pk in draft.pilots)
    met(first, amina, luis)
    hidden.find(first, topic="medical", reason=WHY, by=samuel, at=clock.now())
    assert [hidden.hides(job) for job in (first, second, make(draft, olga))] == [True, False, False]


def test_no_draft_forgets_a_pilot(draft: Sketch, attack: Attack, orbit: Client, olga: Person) -> None:
    attack("UPDATE tasks_sketch SET pilots = '{}' WHERE id = %s", [draft.pk], guard="permission denied")
    Sketch.objects.filter(pk=draft.pk).update(pilot=None)
    assert len(Sketch.objects.get(pk=draft.pk).pilots) == 2
    begun = Sketch.objects.create(
        client=orbit, work_type=draft.work_type, written_by=olga, pilots=[7], begun_at=clock.now()
    )
    begun.refresh_from_db()
    assert begun.pilots == []
