"""Repair pays one and a half times what was lost: the member's average less what they earned, no day twice (7.10)."""

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import ROUND_CEILING, Decimal
from html import unescape

import pytest
from django.db import connection, transaction
from django.test import Client as Browser

from coop import clock
from coop.audit import ledger
from coop.people.models import Client, Person
from governance import appeals, cases, decisions, panels
from governance.models import Case, CaseGround, Equivalent, Measure, Panel, Said, Stage
from payments import entitlements, invariants, repairs
from payments.models import Entitlement, Owing
from tasks import claims, disputes, reviews
from tasks.models import Assignment, Ground, Job
from tests.governance import charging
from tests.payments import signs
from tests.payments.conftest import JOB, owning
from tests.payments.test_entitlements import ADD, FACTS
from tests.tasks import disputing
from tests.tasks.conftest import SAME, hand_in, work

pytestmark = pytest.mark.django_db
type Earn = Callable[[Person, str], int]
type Later = Callable[..., datetime]
type Attack = Callable[..., None]
type SignedIn = Callable[[Person], Browser]
MICRO = Decimal("0.000001")


@pytest.fixture
def contested(amina: Person, samuel: Person, teresa: Person) -> Callable[[Case], Panel]:
    """Return a function that takes a case of Amina's to a panel, and returns the panel, seated."""

    def contest(case: Case) -> Panel:
        cases.say(case, kind=Said.EXPLANATION, text="There was no work.", by=samuel, at=clock.now())
        cases.say(case, kind=Said.CONTESTED, text="Others had work.", by=amina, at=clock.now())
        panel = panels.convene(case, stage=Stage.FIRST, by=amina, at=clock.now())
        charging.seat(panel, amina, teresa)
        return panel

    return contest


def repair(panel: Panel) -> datetime:
    """Let a panel repair its case, and return when it decided."""
    charging.agree(panel, decisions.Finding(measure=Measure.REPAIR, reasons="Others had work all that time."))
    return panel.decision.decided_at


@pytest.fixture
def repaired(contested: Callable[[Case], Panel]) -> Callable[[Case], datetime]:
    """Return a function that lets a panel repair a case of Amina's, and returns when it decided."""
    return lambda case: repair(contested(case))


@pytest.fixture
def earned(earn: Earn, amina: Person, later: Later) -> Decimal:
    """Let Amina have earned 9.1 in the 13 weeks before, a tenth of a dollar a day; return it."""
    earn(amina, "9.1")
    later(hours=1)
    return Decimal("9.1")


def owed(before: Decimal, time: timedelta, *, less: Decimal = Decimal(0)) -> Decimal:
    """Do the sum that the page shows: 1.5 x (average x time - earned), a fraction rounded up."""
    seconds = Decimal(time // timedelta(microseconds=1)) / 1_000_000
    lost = before * seconds / (91 * 86400) - less
    return (Decimal("1.5") * max(Decimal(0), lost)).quantize(MICRO, ROUND_CEILING)


def paid(person: Person) -> Decimal:
    """Pay what is due, and return the back pay that a person ever had."""
    entitlements.settle(at=clock.now())
    return sum((one.amount for one in Entitlement.objects.filter(person=person, kind=Owing.BACK_PAY)), Decimal(0))


def test_who_had_no_offers_is_paid_one_and_a_half_times_their_average(
    earned: Decimal, amina: Person, repaired: Callable[[Case], datetime]
) -> None:
    case = signs.shown(Equivalent.NO_OFFERS, amina)
    until = repaired(case)
    assert paid(amina) == owed(earned, until - case.opened_at + timedelta(days=14)) > Decimal("2.1")
    assert paid(amina) == owed(earned, until - case.opened_at + timedelta(days=14))
    assert not any(invariants.broken().values())


def test_what_they_earned_meanwhile_is_no_loss(
    earned: Decimal, earn: Earn, amina: Person, repaired: Callable[[Case], datetime]
) -> None:
    case = signs.shown(Equivalent.NO_OFFERS, amina)
    earn(amina, "0.5")
    until = repaired(case)
    assert paid(amina) == owed(earned, until - case.opened_at + timedelta(days=14), less=Decimal("0.5"))


def test_who_lost_nothing_is_paid_nothing(
    earned: Decimal, earn: Earn, amina: Person, repaired: Callable[[Case], datetime]
) -> None:
    case = signs.shown(Equivalent.NO_OFFERS, amina)
    earn(amina, "8")
    repaired(case)
    assert paid(amina) == 0
    assert entitlements.owed(amina) == []


def test_work_of_before_that_is_paid_meanwhile_was_not_earned_meanwhile(
    earned: Decimal, checked: Job, amina: Person, repaired: Callable[[Case], datetime]
) -> None:
    mine = work(checked, amina, SAME)
    clock.advance(timedelta(minutes=1))
    case = signs.shown(Equivalent.NO_OFFERS, amina)
    mine.refresh_from_db()
    assert mine.state == "submitted"
    reviews.accept_silent(at=clock.now())
    until = repaired(case)
    time = until - case.opened_at + timedelta(days=14)
    assert paid(amina) == owed(earned + mine.pay, time) > owed(earned, time, less=mine.pay)


def test_no_day_is_paid_twice_and_no_average_falls_by_having_been_kept_from_work(
    earned: Decimal, amina: Person, luis: Person, later: Later, contested: Callable[[Case], Panel]
) -> None:
    first = signs.shown(Equivalent.NO_OFFERS, amina)
    panel = contested(first)
    later(days=14, minutes=1)
    work(Job.objects.latest("pk"), luis, SAME)
    second = cases.open_equivalent(amina, kind=Equivalent.NO_OFFERS, at=clock.now())
    assert second
    early = repair(contested(second))
    later(days=3)
    assert paid(amina) == owed(earned, early - second.opened_at + timedelta(days=14))
    late = repair(panel)
    since = first.opened_at - timedelta(days=14)
    whole = owed(earned, late - since)
    assert whole <= paid(amina) <= whole + MICRO
    newer, older = repairs.of(amina)
    assert (newer.source, older.source) == (f"case:{second.pk}", f"case:{first.pk}")
    assert older.amount == older.paid == owed(older.before, older.time)
    assert newer.amount == newer.paid
    assert newer.time + older.time == late - since
    assert not any(invariants.broken().values())


def test_who_earned_nothing_before_is_paid_as_those_who_did_the_same_work(
    earn: Earn, amina: Person, luis: Person, priya: Person, checked: Job, repaired: Callable[[Case], datetime]
) -> None:
    earn(priya, "3")
    mine = work(checked, luis, SAME)
    reviews.accept(mine, by=priya, at=clock.now(), ground=Ground.PEER)
    case = signs.shown(Equivalent.NO_OFFERS, amina)
    until = repaired(case)
    [line] = repairs.of(amina)
    assert line.basis == "peers"
    # Luis and whoever else did such work; Priya, who was paid for onboarding and a check, did none.
    assert line.before > 0
    assert paid(amina) == owed(line.before, until - case.opened_at + timedelta(days=14))
    # Who does such work later was none of them then.
    reviews.accept(work(checked, priya, SAME), by=luis, at=clock.now(), ground=Ground.PEER)
    assert repairs.of(amina)[0].amount == line.amount
    assert list(ledger.entitled()) == []


def peers_earned(who: Person, line: repairs.BackPay) -> Decimal:
    """Return what those who did the same work earned on average in the 13 weeks, in US dollars."""
    with owning(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT payments_peers_earned(%s, %s, %s) / 1e6", [who.pk, line.weeks_from, line.began_at]
        )  # fmt: skip
        return Decimal(cursor.fetchone()[0])


def test_a_cent_of_ones_own_makes_no_average_of_a_cent(
    earn: Earn, amina: Person, luis: Person, priya: Person, checked: Job, repaired: Callable[[Case], datetime]
) -> None:
    """Whoever began on the day before it has what others earned in the weeks before that day, not a cent."""
    reviews.accept(work(checked, luis, SAME), by=priya, at=clock.now(), ground=Ground.PEER)
    earn(amina, "0.01")
    clock.advance(timedelta(days=1))
    repaired(signs.shown(Equivalent.NO_OFFERS, amina))
    [line] = repairs.of(amina)
    assert line.basis == "peers"
    assert line.amount == owed(line.before, line.time) == paid(amina) > 0
    assert list(ledger.entitled()) == []
    peers = peers_earned(amina, line)
    assert peers * 89 / 91 < line.before < peers * 90 / 91


def test_after_leave_the_weeks_before_it_count(
    earned: Decimal, amina: Person, later: Later, repaired: Callable[[Case], datetime], signed_in: SignedIn
) -> None:
    later(days=180)
    repaired(signs.shown(Equivalent.NO_OFFERS, amina))
    [line] = repairs.of(amina)
    assert (line.basis, line.before) == ("year", earned / 4)
    assert line.amount == owed(earned / 4, line.time) == paid(amina) > 0
    assert "A quarter of what your work of 52 weeks earned" in unescape(signed_in(amina).get("/pay/repairs/").text)


def test_what_came_back_and_was_passed_on_is_paid_too(
    amina: Person, later: Later, repaired: Callable[[Case], datetime]
) -> None:
    case = signs.shown(Equivalent.MASS_REJECTION, amina)
    repaired(case)
    back = list(Assignment.objects.filter(person=amina, state="sent_back").order_by("pk"))
    for mine in back[:2]:
        claims.skip(mine, by=amina, at=clock.now())
    claims.expire_due(at=later(days=8))
    [line] = repairs.returned(amina)
    assert (line.answers, line.amount) == (6, 6 * back[0].pay)
    assert paid(amina) == 6 * back[0].pay
    assert list(ledger.entitled()) == []
    # By the sum of before it was four of them: what was paid by it adds up.
    with owning(), connection.cursor() as cursor:
        cursor.execute("ALTER TABLE payments_entitlement DISABLE TRIGGER USER")
        cursor.execute("UPDATE payments_entitlement SET edition = 2, amount = amount * 4 / 6 WHERE kind = 27")
    assert not [one for one in ledger.entitled() if "one and a half times" in str(one)]
    with owning(), connection.cursor() as cursor:
        cursor.execute("UPDATE payments_entitlement SET edition = 3 WHERE kind = 27")
    assert [one for one in ledger.entitled() if "one and a half times" in str(one)]


def test_answers_that_came_back_and_ended_unpaid_are_paid_once(
    amina: Person, later: Later, repaired: Callable[[Case], datetime], signed_in: SignedIn
) -> None:
    case = signs.shown(Equivalent.MASS_REJECTION, amina)
    later(days=4)
    claims.expire_due(at=clock.now())
    repaired(case)
    assert repairs.returned(amina) == []
    assert paid(amina) == 0
    later(days=3)
    [line] = repairs.returned(amina)
    pay = Job.objects.latest("pk").pay
    assert (line.answers, line.amount) == (6, 6 * pay)
    assert paid(amina) == paid(amina) == 6 * pay
    assert list(ledger.entitled()) == []
    page = unescape(signed_in(amina).get("/pay/repairs/").text)
    assert "6 answers, at the pay at which they were taken." in page
    assert "as if it had been accepted" in unescape(signed_in(amina).get(f"/cases/{case.pk}/").text)


def test_answers_that_were_handed_in_again_are_not_paid_for_by_the_fund(
    amina: Person, later: Later, repaired: Callable[[Case], datetime]
) -> None:
    case = signs.shown(Equivalent.MASS_REJECTION, amina)
    repaired(case)
    for mine in Assignment.objects.filter(person=amina, state="sent_back"):
        hand_in(mine, SAME)
    later(days=8)
    assert repairs.returned(amina) == []
    reviews.accept_silent(at=clock.now())
    assert repairs.returned(amina)[0].amount == 0
    assert paid(amina) == 0


def test_what_is_sent_back_after_the_decision_is_paid_too_when_all_have_ended(
    amina: Person, olga: Person, later: Later, repaired: Callable[[Case], datetime]
) -> None:
    signs.mass_rejection(amina, 5)
    case = cases.open_equivalent(amina, kind=Equivalent.MASS_REJECTION, at=clock.now())
    assert case
    repaired(case)
    claims.expire_due(at=later(days=3))
    assert paid(amina) == 0
    mine = work(Job.objects.latest("pk"), amina, SAME)
    told = {"reason": "Wrong again.", "place": "labels", "ground": Ground.CLIENT}
    reviews.send_back(mine, **told, by=olga, at=later(days=2))  # type: ignore[arg-type]
    assert clock.now() < case.opened_at + timedelta(days=7)
    later(days=2)
    assert paid(amina) == 0  # one of them can still be handed in
    claims.expire_due(at=later(days=2))
    mine.refresh_from_db()
    assert mine.state == "expired"
    assert paid(amina) == 6 * mine.pay
    assert list(ledger.entitled()) == []


def test_rejections_count_for_the_repair_as_for_the_sign(
    amina: Person, orbit: Client, olga: Person, later: Later, repaired: Callable[[Case], datetime]
) -> None:
    disputing.learned(orbit, olga)
    back = signs.mass_rejection(amina, 4)
    disputing.reject(work(disputing.checked(orbit, olga, tasks=1), amina, SAME), olga)
    case = cases.open_equivalent(amina, kind=Equivalent.MASS_REJECTION, at=clock.now())
    assert case
    repaired(case)
    claims.expire_due(at=later(days=8))
    disputes.go_on_all(at=clock.now())
    assert paid(amina) == 4 * back[0].pay


def test_the_page_shows_each_number_of_the_sum_to_the_member_alone(
    earned: Decimal, amina: Person, luis: Person, repaired: Callable[[Case], datetime], signed_in: SignedIn
) -> None:
    case = signs.shown(Equivalent.NO_OFFERS, amina)
    repaired(case)
    paid(amina)
    [line] = repairs.of(amina)
    assert line.amount == line.paid == owed(line.before, line.time, less=line.earned) - line.paused
    page = unescape(signed_in(amina).get("/pay/repairs/").text)
    for number in (f"case:{case.pk}", "9.10", f"{line.days:.4f}", "was paid"):
        assert number in page
    assert f"case:{case.pk}" not in signed_in(luis).get("/pay/repairs/").text
    assert "/pay/repairs/" in signed_in(amina).get("/pay/").text


@pytest.mark.parametrize(
    ("change", "words"),
    [("amount = amount + 1", "one and a half times what was lost is"),
     ("amount = amount + 1", "so much was paid to them"),
     ("source = 'case:900000'", "the fact it names is that person's"),
     ("person_id = (SELECT max(id) FROM people_person)", "the fact it names is that person's")],
)  # fmt: skip
def test_the_audit_does_the_sum_again(
    earned: Decimal, amina: Person, repaired: Callable[[Case], datetime], change: str, words: str
) -> None:
    repaired(signs.shown(Equivalent.NO_OFFERS, amina))
    paid(amina)
    assert list(ledger.entitled()) == []
    with owning(), connection.cursor() as cursor:
        cursor.execute("ALTER TABLE payments_entitlement DISABLE TRIGGER USER")
        cursor.execute(f"UPDATE payments_entitlement SET {change} WHERE kind = 27")
    assert [one for one in ledger.entitled() if words in str(one)]


def test_the_audit_leaves_sums_of_before_as_they_are(
    earned: Decimal, amina: Person, repaired: Callable[[Case], datetime]
) -> None:
    repaired(signs.shown(Equivalent.NO_OFFERS, amina))
    paid(amina)
    with owning(), connection.cursor() as cursor:
        cursor.execute("ALTER TABLE payments_entitlement DISABLE TRIGGER USER")
        cursor.execute("UPDATE payments_entitlement SET edition = 1, amount = amount - 1 WHERE kind = 27")
    assert not [one for one in ledger.entitled() if "one and a half times" in str(one)]


def test_the_site_does_not_say_by_which_sum_it_was_paid(
    earned: Decimal, amina: Person, repaired: Callable[[Case], datetime]
) -> None:
    case = signs.shown(Equivalent.NO_OFFERS, amina)
    repaired(case)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO payments_entitlement (person_id, kind, source, amount, at, edition)"
            " VALUES (%s, 27, %s, 1, now(), 1) RETURNING edition", [amina.pk, f"case:{case.pk}"],
        )  # fmt: skip
        assert cursor.fetchone() == (3,)
    transaction.set_rollback(True)


@pytest.mark.parametrize("meanwhile", ["0", "0.4"])
def test_who_worked_elsewhere_under_a_limit_that_did_not_stand_lost_the_difference(
    earned: Decimal, earn: Earn, amina: Person, samuel: Person, teresa: Person, later: Later, meanwhile: str
) -> None:
    decision = charging.decide(
        amina, samuel, teresa, ground=CaseGround.DATA_TAKEN, measure=Measure.LIMIT, scope=f"job:{JOB}", days=30
    )
    later(days=7 + 10)
    if meanwhile != "0":
        earn(amina, meanwhile)
    appeal = appeals.appeal(decision, reasons="It was somebody else.", by=amina, at=clock.now())
    panel = decision.case.panels.get(stage=Stage.APPEAL)
    charging.seat(panel, amina, teresa)
    charging.agree(panel, decisions.Finding(measure=Measure.NOTHING, reasons="The records show another account."))
    appeal.refresh_from_db()
    time = appeal.appealed_at - decision.restriction.starts_at
    assert paid(amina) == owed(earned, time, less=Decimal(meanwhile)) > 0


def test_nothing_is_paid_for_a_case_without_a_repair(amina: Person, attack: Attack) -> None:
    case = signs.shown(Equivalent.NO_OFFERS, amina)
    attack(ADD, [amina.pk, Owing.BACK_PAY, f"case:{case.pk}", 5], guard=FACTS)
