"""Attacks on stages as the web role: nothing is slipped in, opened too early, or answered by the same hands."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test import Client as Browser

from coop import clock
from coop.people.models import Client, Person
from coop.refusals import Refused
from governance.models import Office
from payments import escrow
from tasks import claims, content, hidden, jobs, reports, reviews, stages
from tasks.models import Assignment, Ground, Job, ReviewRule, Takes
from tests.tasks import orders
from tests.tasks.conftest import SAME, work
from tests.tasks.test_promises import CLAIM, facts
from tests.tasks.test_stages import Make, chain

type Attack = Callable[..., None]
__all__ = ["chain"]

# These drafts give an hour for a task.
PAY = Decimal("0.108")  # the voted rate with a fifth for rests
HALF = timedelta(minutes=30)
JOIN = """INSERT INTO tasks_stage (job_id, after_id, takes, carries, apart_from_all, written_by_id)
    VALUES (%s, %s, %s, %s, true, %s)"""
TASK = """INSERT INTO tasks_task (job_id, position, external_id, data, open_slots)
    VALUES (%s, 99, 'slipped in', '{}', %s)"""
# With more pay, so that this is not what is in the way; and the content alone.
NAME = "UPDATE tasks_job SET pay = pay * 2, content = %s WHERE id = %s"
ALONE = "UPDATE tasks_job SET content = %s WHERE id = %s"


def test_stages_join_drafts_of_one_client(orbit: Client, olga: Person, luis: Person, attack: Attack) -> None:
    guard = "stages_join_drafts_of_one_client"
    first, second = orders.draft(orbit, olga, overlap=1, review_rule="peer"), orders.draft(orbit, olga, title="Decide")
    for job, after, takes, carries, by in (
        (first, second, "each", '{"a": "labels"}', olga), (second, first, "split", '{"a": "labels"}', olga),
        (second, first, "each", "{}", olga), (second, first, "each", '{"a": "b[*]"}', olga),
        (second, first, "each", '{"A": "labels"}', olga), (second, first, "each", '{"a": "labels"}', luis),
    ):  # fmt: skip
        attack(JOIN, [job.pk, after.pk, takes, carries, by.pk], guard=guard)
    orders.send(second, orders.rows_of(1))
    attack(JOIN, [second.pk, first.pk, "each", '{"a": "labels"}', olga.pk], guard=guard)


def test_stages_name_what_they_show(orbit: Client, olga: Person, attack: Attack) -> None:
    first = orders.draft(orbit, olga, content={"violence": "some", "hate": "rare"}, pay=PAY)
    for said in ({}, {"violence": "some"}, {"violence": "rare", "hate": "rare"}):
        second = orders.draft(orbit, olga, title="Decide", content=said, pay=PAY)
        attack(JOIN, [second.pk, first.pk, "each", '{"a": "labels"}', olga.pk], guard="stages_name_what_they_show")
        with pytest.raises(Refused, match="no rarer than there"):
            stages.join(second, after=first, takes=Takes.EACH, carries={"a": "labels"}, by=olga, at=clock.now())
    more = orders.draft(orbit, olga, content={"violence": "most", "hate": "rare", "other": "some"},
        sensitivity="Snakes.", pay=PAY)  # fmt: skip
    stages.join(more, after=first, takes=Takes.EACH, carries={"a": "labels"}, by=olga, at=clock.now())


def test_what_is_found_at_a_stage_is_named_at_those_after_it(
    chain: Make,
    olga: Person,
    amina: Person,
    luis: Person,
    priya: Person,
    samuel: Person,
    attack: Attack,
    signed_in: Callable[[Person], Browser],
) -> None:
    first, second = chain(Takes.EACH, rows=3, overlap=1)
    for who in (amina, luis):
        done = work(first, who, SAME)
        reviews.accept(done, by=olga, at=clock.now(), ground=Ground.CLIENT)
        reports.report(done, words="It shows a wound.", topic="medical", by=who, at=clock.now())
    assert stages.hand_on_due(at=clock.now()) == 2
    taken = claims.claim_next(second, by=priya, at=clock.now())
    found = hidden.find(first, topic="medical", reason="Most pictures show a wound.", by=samuel, at=clock.now())
    attack(CLAIM, facts(taken, samuel, longer=HALF), guard="nobody_goes_on_before_it_is_named")
    with pytest.raises(Refused, match="what its card did not say"):
        claims.claim_next(second, by=luis, at=clock.now())
    assert [one.pk for one in hidden.of(second)] == [found.pk]
    address = f"/c/{second.client.slug}/jobs/{second.pk}/"
    assert "whose content this stage shows" in signed_in(olga).get(address).text
    for share in ("rare", "most"):  # it is not named where it was found
        attack(NAME, [f'{{"medical": "{share}"}}', second.pk], guard="job_content_is_frozen")
    names_it_at_both(first, second, olga, attack)
    third = orders.draft(second.client, olga, title="Alone")
    attack(ALONE, ['{"medical": "some"}', third.pk], guard="job_content_is_frozen")


def names_it_at_both(first: Job, second: Job, olga: Person, attack: Attack) -> None:
    """Name what was found at the job before, and then at the stage, no rarer."""
    for job in (first, second):
        assert hidden.hides(job)
        if job == second:
            attack(NAME, ['{"medical": "often"}', second.pk], guard="job_content_is_frozen")
            with pytest.raises(Refused, match="no rarer than there"):
                hidden.name(second, topic="medical", share="often", by=olga, at=clock.now())
        raised = jobs.raise_pay(job, pay=PAY, by=olga, at=clock.now())
        hidden.name(raised, topic="medical", share="most", by=olga, at=clock.now())
        assert not hidden.hides(job)


def test_a_stage_waits_until_what_was_found_before_is_paid(
    chain: Make, orbit: Client, olga: Person, amina: Person, luis: Person, samuel: Person
) -> None:
    first, second = chain(Takes.EACH, rows=3, overlap=1)
    for who in (amina, luis):
        reports.report(work(first, who, SAME), words="It shows a wound.", topic="medical", by=who, at=clock.now())
    raised = [jobs.raise_pay(job, pay=PAY, by=olga, at=clock.now()) for job in (first, second)]
    escrow.fund(second.pk, escrow.available(orbit), orbit, 98, by=olga, at=clock.now())
    found = hidden.find(first, topic="medical", reason="Most pictures show a wound.", by=samuel, at=clock.now())
    for job in raised:
        hidden.name(job, topic="medical", share="most", by=olga, at=clock.now())
        assert hidden.hides(job)
    orders.deposit(orbit, "100")
    assert hidden.pay(found, at=clock.now())
    assert not hidden.hides(first)
    assert not hidden.hides(second)


@pytest.fixture
def met(chain: Make, olga: Person, amina: Person, luis: Person, priya: Person, petra: Person) -> tuple[Job, Job]:
    """Return two stages, at the second of which two members met what neither card names."""
    first, second = chain(Takes.EACH, rows=4, overlap=1)
    for who in (amina, luis):
        reviews.accept(work(first, who, SAME), by=olga, at=clock.now(), ground=Ground.CLIENT)
    assert stages.hand_on_due(at=clock.now()) == 2
    for who in (priya, petra):
        taken = claims.claim_next(Job.objects.get(pk=second.pk), by=who, at=clock.now())
        reports.report(taken, words="It shows a wound.", topic="medical", by=who, at=clock.now())
    orders.deposit(first.client, "500")
    return first, second


WOUNDS = "Most pictures of the client's show a wound."


def test_what_came_with_the_data_stops_the_job_whose_data_it_is(
    met: tuple[Job, Job], olga: Person, amina: Person, samuel: Person, attack: Attack,
    signed_in: Callable[[Person], Browser],
) -> None:  # fmt: skip
    first, second = met
    taken = claims.claim_next(first, by=amina, at=clock.now())
    desk = signed_in(samuel)
    assert "It came with the client&#x27;s data" in desk.get("/looks/content/").text
    desk.post(f"/looks/content/{second.pk}/medical/", {"reason": WOUNDS, "with_data": "1"})
    (found,) = hidden.of(first)
    assert found.job_id == second.pk
    attack(CLAIM, facts(taken, samuel, longer=HALF), guard="nobody_goes_on_before_it_is_named")
    with pytest.raises(Refused, match="what its card did not say"):
        claims.claim_next(first, by=samuel, at=clock.now())
    said = signed_in(olga).get(f"/c/{first.client.slug}/jobs/{first.pk}/").text
    assert "another job with the same data" in said
    with pytest.raises(Refused, match="first, and here no rarer"):
        hidden.name(second, topic="medical", share="most", by=olga, at=clock.now())
    names_it_at_both(first, second, olga, attack)
    content.choose(samuel, ["medical"], None, by=samuel, at=clock.now())
    assert claims.claim_next(Job.objects.get(pk=first.pk), by=samuel, at=clock.now())


def test_what_members_wrote_at_a_stage_stops_that_one_alone(met: tuple[Job, Job], samuel: Person) -> None:
    first, second = met
    hidden.find(second, topic="medical", reason=WOUNDS, by=samuel, at=clock.now())
    assert (hidden.hides(first), hidden.hides(second)) == (False, True)
    assert hidden.of(first) == []


def test_a_job_that_follows_none_has_no_data_of_another(
    chain: Make, amina: Person, luis: Person, samuel: Person, attack: Attack
) -> None:
    first, _second = chain(Takes.EACH, rows=3, overlap=1)
    for who in (amina, luis):
        reports.report(work(first, who, SAME), words="A wound.", topic="medical", by=who, at=clock.now())
    with pytest.raises(Refused, match="No other job has the data"):
        hidden.find(first, topic="medical", reason=WOUNDS, with_data=True, by=samuel, at=clock.now())
    find = "INSERT INTO tasks_hiddencontent (job_id, topic, reason, found_by_id, with_data) VALUES (%s, %s, %s, %s, %s)"
    office = Office.objects.get(person=samuel).pk
    attack(find, [first.pk, "medical", WOUNDS, office, True], guard="hidden_content_is_found_by_reports")
    with connection.cursor() as cursor:
        cursor.execute(find, [first.pk, "medical", WOUNDS, office, False])


def test_a_closed_job_names_at_the_pay_that_it_had(
    chain: Make, orbit: Client, olga: Person, amina: Person, luis: Person, samuel: Person, attack: Attack
) -> None:
    first, second = chain(Takes.EACH, rows=3, overlap=1)
    for who in (amina, luis):
        reports.report(work(first, who, SAME), words="It shows a wound.", topic="medical", by=who, at=clock.now())
    hidden.find(first, topic="medical", reason=WOUNDS, by=samuel, at=clock.now())
    attack(ALONE, ['{"medical": "most"}', first.pk], guard="job_content_is_frozen")
    closed = jobs.close(first, by=olga, at=clock.now())
    attack(ALONE, ['{"hate": "most"}', first.pk], guard="job_content_is_frozen")
    assert hidden.name(closed, topic="medical", share="most", by=olga, at=clock.now()).content == {"medical": "most"}
    assert hidden.hides(second)
    raised = jobs.raise_pay(second, pay=PAY, by=olga, at=clock.now())
    hidden.name(raised, topic="medical", share="most", by=olga, at=clock.now())
    assert not hidden.hides(second)


def test_nothing_is_slipped_into_a_stage(chain: Make, attack: Attack) -> None:
    _first, second = chain(Takes.EACH, rows=1, overlap=1)
    attack(TASK, [second.pk, 1], guard="stages_take_only_what_was_handed_on")
    for table in ("tasks_handover (stage_id, source_id)", "tasks_apart (task_id, source_id)"):
        attack(f"INSERT INTO {table} VALUES (1, 1)", guard="permission denied")


def test_what_a_client_adds_is_funded_at_the_stages_too(
    chain: Make, orbit: Client, olga: Person, attack: Attack
) -> None:
    first, second = chain(Takes.EACH, rows=1, overlap=1)
    escrow.fund(first.pk, Decimal(1), orbit, 99, by=olga, at=clock.now())
    attack(TASK, [first.pk, 1], guard="tasks_arrive_whole")
    escrow.fund(second.pk, Decimal(1), orbit, 99, by=olga, at=clock.now())
    with connection.cursor() as cursor:
        cursor.execute(TASK, [first.pk, 1])


def test_what_is_not_due_is_not_handed_on(chain: Make, amina: Person) -> None:
    first, second = chain(Takes.EACH, rows=1, overlap=1)
    mine = work(first, amina, SAME)
    given = f'[{{"source": {mine.task_id}, "assignment": {mine.pk}, "problem": ""}}]'
    with connection.cursor() as cursor:
        cursor.execute("SELECT tasks_hand_on(%s, %s)", [second.pk, given])
        assert cursor.fetchone() == (0,)
    assert not second.tasks.exists()


def test_a_chain_opens_from_its_end(orbit: Client, olga: Person, attack: Attack) -> None:
    first = orders.ready(orbit, olga, tasks=1)
    second = orders.draft(orbit, olga, title="Decide", overlap=1, review_rule=ReviewRule.PEER)
    stages.join(second, after=first, takes=Takes.WHOLE, carries={"a": "labels"}, by=olga, at=clock.now())
    open_it = "UPDATE tasks_job SET opened_at = coop_now() WHERE id = %s"
    attack(open_it, [first.pk], guard="chains_open_from_their_end")
    attack(open_it, [second.pk], guard="job_opens_with_money")
    jobs.fund(second, by=olga, at=clock.now())
    jobs.open(second, by=olga, at=clock.now())
    jobs.open(first, by=olga, at=clock.now())


@pytest.fixture
def like(chain: Make, amina: Person, luis: Person, petra: Person) -> Assignment:
    """Return a task of a second stage, taken by Petra; the one after it was made from an answer of Amina's."""
    first, second = chain(Takes.EACH, rows=3, overlap=1)
    for _turn in range(2):
        work(first, amina, SAME)
    for mine in first.assignments.all():
        reviews.accept(mine, by=luis, at=clock.now())
    stages.hand_on_due(at=clock.now())
    return claims.claim_next(Job.objects.get(pk=second.pk), by=petra, at=clock.now())


def test_nobody_follows_themselves(like: Assignment, amina: Person, luis: Person, attack: Attack) -> None:
    attack(CLAIM, facts(like, amina, longer=HALF), guard="nobody_follows_themselves")
    with connection.cursor() as cursor:
        cursor.execute(CLAIM, facts(like, luis, longer=HALF))
        assert cursor.rowcount == 1
