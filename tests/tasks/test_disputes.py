"""A rejected answer, from the reason to the end: paid at once, two blind peers, then the client pays or has it back."""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal

import pytest
from django.core.mail import EmailMessage
from django.db import connection
from procrastinate.contrib.django.models import ProcrastinateJob

from coop import clock
from coop.people.models import Client, Person
from coop.refusals import Refused
from governance.models import Case, Equivalent, Office
from payments import advances, escrow, invariants, ledger
from payments.models import Fund
from tasks import disputes, exports, jobs, notices, reviews, watch
from tasks.models import Assignment, AssignmentState, Dispute, Ground, Job
from tests.money_in import endow
from tests.tasks import disputing
from tests.tasks.conftest import SAME, committed_money, payable, price, work

pytestmark = pytest.mark.django_db
type Later = Callable[..., datetime]
LOOK = Decimal("0.60")


@pytest.fixture
def peers(orbit: Client, olga: Person) -> list[Person]:
    return disputing.learned(orbit, olga)


@pytest.fixture
def checked(orbit: Client, olga: Person) -> Job:
    return disputing.checked(orbit, olga)


@pytest.fixture
def mine(peers: list[Person], checked: Job, amina: Person) -> Assignment:
    return work(checked, amina, SAME)


@pytest.fixture
def fund(mine: Assignment) -> Decimal:
    """Return what the dispute fund has before anything is rejected."""
    return advances.available()


def settled_money_moved() -> None:
    """Ask at once what the database asks at commit."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")


def test_a_rejected_answer_is_paid_in_the_same_act_by_the_fund(
    fund: Decimal, mine: Assignment, amina: Person, olga: Person
) -> None:
    before = payable(amina)
    dispute = disputing.reject(mine, olga)
    settled_money_moved()
    mine.refresh_from_db()
    assert mine.state == AssignmentState.DISPUTED
    assert payable(amina) - before == mine.pay == fund - advances.available()
    assert committed_money(mine.job, amina) == price(mine.job)
    assert disputing.books_hold()
    assert dispute.decide_by is not None
    assert (dispute.decide_by - clock.now()).total_seconds() == pytest.approx(72 * 3600, abs=60)


def test_the_lot_draws_two_who_know_the_work_and_have_no_part_in_it(
    mine: Assignment, peers: list[Person], amina: Person, olga: Person
) -> None:
    drawn = {place.person for place in disputing.places(disputing.reject(mine, olga))}
    assert len(drawn) == 2
    assert drawn <= set(peers)


def test_the_client_pays_what_two_peers_find_right(
    fund: Decimal, mine: Assignment, amina: Person, olga: Person
) -> None:
    before, fees = payable(amina), ledger.balance("coop:fee")
    dispute = disputing.reject(mine, olga)
    for place in disputing.places(dispute):
        disputing.look(place, stands=True)
    settled_money_moved()
    mine.refresh_from_db()
    assert mine.state == AssignmentState.ACCEPTED
    assert payable(amina) == before + mine.pay
    assert committed_money(mine.job, amina) == 0
    assert advances.available() == fund - 2 * LOOK
    assert ledger.balance("coop:fee") > fees
    assert disputing.books_hold()
    assert [found.stands for found in disputes.findings(dispute)] == [True, True]


def test_the_client_is_refunded_and_the_member_keeps_the_pay_when_two_find_it_wrong(
    fund: Decimal, mine: Assignment, amina: Person, olga: Person
) -> None:
    before, aside = payable(amina), escrow.set_aside(mine.job_id)
    dispute = disputing.reject(mine, olga)
    for place in disputing.places(dispute):
        disputing.look(place, stands=False)
    settled_money_moved()
    mine.refresh_from_db()
    assert mine.state == AssignmentState.REJECTED
    assert payable(amina) == before + mine.pay
    assert escrow.set_aside(mine.job_id) == aside + price(mine.job)
    assert advances.available() == fund - mine.pay - 2 * LOOK
    mine.task.refresh_from_db()
    assert mine.task.open_slots == 1
    assert disputing.books_hold()
    assert [one.state for one in exports.rows(mine.job)] == ["rejected"]
    assert list(exports.results(mine.job)) == []


def test_the_money_of_a_closed_job_goes_back_to_the_client_itself(
    mine: Assignment, amina: Person, olga: Person, orbit: Client
) -> None:
    dispute = disputing.reject(mine, olga)
    jobs.close(mine.job, by=olga, at=clock.now())
    before = escrow.available(orbit)
    for place in disputing.places(dispute):
        disputing.look(place, stands=False)
    assert escrow.available(orbit) == before + price(mine.job)
    assert escrow.set_aside(mine.job_id) == 0
    assert disputing.books_hold()


def test_a_third_decides_when_two_differ(mine: Assignment, olga: Person) -> None:
    dispute = disputing.reject(mine, olga)
    first, second = disputing.places(dispute)
    disputing.look(first, stands=True)
    assert disputes.findings(dispute) == []
    disputing.look(second, stands=False)
    assert disputes.findings(dispute) == []
    third = disputing.places(dispute)[2]
    disputing.look(third, stands=False)
    mine.refresh_from_db()
    assert mine.state == AssignmentState.REJECTED
    assert [found.stands for found in disputes.findings(dispute)] == [True, False, False]
    assert disputing.books_hold()


def test_every_look_is_paid_the_voted_rate_even_of_who_is_outvoted(mine: Assignment, olga: Person) -> None:
    dispute = disputing.reject(mine, olga)
    first, second = disputing.places(dispute)
    drawn = [place.person for place in (first, second) if place.person]
    before = [payable(who) for who in drawn]
    disputing.look(first, stands=True)
    disputing.look(second, stands=False)
    settled_money_moved()
    assert [payable(who) - had for who, had in zip(drawn, before, strict=True)] == [LOOK, LOOK]


def test_who_does_not_look_within_a_day_is_followed_by_the_next(mine: Assignment, olga: Person, later: Later) -> None:
    dispute = disputing.reject(mine, olga)
    early = disputing.places(dispute)
    late = later(hours=25)
    assert not disputes.go_on(dispute, at=late)
    assert len(disputing.places(dispute)) == 4
    who = early[0].person
    assert who is not None
    with pytest.raises(Refused, match="others were drawn"):
        disputes.find(early[0], stands=False, reason=disputing.WHY, by=who, at=late)


def test_what_nobody_decides_in_72_hours_is_decided_for_the_member(
    fund: Decimal, mine: Assignment, olga: Person, later: Later
) -> None:
    dispute = disputing.reject(mine, olga)
    disputing.look(disputing.places(dispute)[0], stands=False)
    assert disputes.go_on_all(at=later(hours=71)) == 0
    assert disputes.go_on_all(at=later(hours=2)) == 1
    settled_money_moved()
    mine.refresh_from_db()
    dispute.refresh_from_db()
    assert mine.state == AssignmentState.ACCEPTED
    assert dispute.settlement.by_time
    assert advances.available() == fund - LOOK
    assert disputes.go_on_all(at=clock.now()) == 0


def test_without_anybody_who_knows_the_work_time_decides(
    checked: Job, amina: Person, olga: Person, later: Later
) -> None:
    dispute = disputing.reject(work(checked, amina, SAME), olga)
    assert disputing.places(dispute) == []
    assert disputes.go_on_all(at=later(hours=73)) == 1


def test_a_member_who_checks_may_reject_too(mine: Assignment, luis: Person) -> None:
    dispute = disputes.reject(
        mine, reason=disputing.REASON, place="labels", by=luis, at=clock.now(), ground=Ground.PEER
    )
    assert luis not in {place.person for place in disputing.places(dispute)}


@pytest.mark.parametrize(
    ("reason", "place"), [("", "labels"), ("wrong", "labels"), ("   \n\t          ", "labels"), (disputing.REASON, "x")]
)
def test_no_rejection_without_a_reason_and_a_place(mine: Assignment, olga: Person, reason: str, place: str) -> None:
    with pytest.raises(Refused, match="Say w"):
        disputes.reject(mine, reason=reason, place=place, by=olga, at=clock.now())
    assert not Dispute.objects.exists()


def test_no_rejection_after_the_time_to_object(mine: Assignment, olga: Person, later: Later) -> None:
    at = later(days=3, minutes=1)
    with pytest.raises(Refused, match="time to object"):
        disputes.reject(mine, reason=disputing.REASON, place="labels", by=olga, at=at)
    assert reviews.accept_silent(at=at) == 1


def test_only_the_clients_people_reject_for_it(mine: Assignment, amina: Person, luis: Person) -> None:
    for who in (amina, luis):
        with pytest.raises(Refused):
            disputes.reject(mine, reason=disputing.REASON, place="labels", by=who, at=clock.now())


def test_one_in_five_of_a_jobs_answers_can_be_rejected(
    peers: list[Person], orbit: Client, olga: Person, amina: Person
) -> None:
    job = disputing.checked(orbit, olga, tasks=10)
    given = [work(job, amina, SAME) for _turn in range(10)]
    for one in given[:2]:
        disputing.reject(one, olga)
    with pytest.raises(Refused, match="never in bulk"):
        disputing.reject(given[2], olga)
    given[2].refresh_from_db()
    assert given[2].state == AssignmentState.SUBMITTED


def test_an_empty_fund_lets_nothing_be_rejected_as_pay_is_not_held_back(
    mine: Assignment, amina: Person, olga: Person, orbit: Client
) -> None:
    house = Client.objects.get(is_cooperative=True)
    teresa = Office.objects.get(post="treasurer")
    left = advances.available()
    # What is left covers the wage, and not those who look.
    dear = disputing.checked(orbit, olga, pay=left - Decimal(1), tasks=1)
    answer = work(dear, amina, SAME)
    with pytest.raises(Refused, match="fund cannot pay"):
        disputing.reject(answer, olga)
    endow(house, amount=Decimal(2), reference="GRANT-D", by=teresa, at=clock.now(), fund=Fund.DISPUTE)
    disputing.reject(answer, olga)
    assert not any(invariants.broken().values())


def test_its_author_and_who_was_drawn_are_told_without_a_word_of_the_answer(
    mine: Assignment, amina: Person, olga: Person, mailoutbox: list[EmailMessage]
) -> None:
    drawn = disputing.places(disputing.reject(mine, olga))
    waiting = ProcrastinateJob.objects.filter(task_name=notices.TELL).order_by("id").values_list("args", flat=True)
    told = [{"person_id": amina.pk, "about": "rejected", "number": mine.pk}]
    told += [{"person_id": place.person_id, "about": "drawn", "number": place.pk} for place in drawn]
    assert list(waiting) == told
    amina.language = "es"
    notices.deliver(amina, "rejected", mine.pk)
    (mail,) = mailoutbox
    assert mail.subject == "Rechazaron una respuesta tuya, y está pagada"
    assert f"/work/{mine.pk}/dispute/" in str(mail.body)
    assert disputing.REASON not in str(mail.body)


def test_five_rejections_in_a_week_open_a_case_by_themselves(
    peers: list[Person], amina: Person, orbit: Client, olga: Person
) -> None:
    for number in range(5):
        assert watch.look(at=clock.now()) == 0
        disputing.reject(work(disputing.checked(orbit, olga, title=f"Part {number}", tasks=1), amina, SAME), olga)
    assert watch.look(at=clock.now()) == 1
    assert Case.objects.get(person=amina).ground == Equivalent.MASS_REJECTION
