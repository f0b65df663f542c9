"""Pay while paused: the average of 13 weeks, hour by hour, once, whoever asks and whatever they claim."""

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import ROUND_CEILING, Decimal

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from coop import clock
from coop.people.models import Client, Person
from governance import pauses
from governance.models import Office, Pause, PauseGround
from payments import accounts, due, entitlements, invariants, ledger, payouts, statements
from payments.ledger import Kind
from payments.models import Entitlement, Owing
from payments.money import to_micro
from tasks.models import Job
from tests.conftest import person
from tests.money_in import endow
from tests.payments.conftest import owning
from tests.payments.test_attacks import POST, posting

type Attack = Callable[..., None]
type Earn = Callable[[Person, str], int]
type Later = Callable[..., datetime]

ADD = "INSERT INTO payments_entitlement (person_id, kind, source, amount, at) VALUES (%s, %s, %s, %s, coop_now())"
FACTS, POSTED = "entitlement_is_what_the_facts_say", "entitlements_are_paid_as_found"


@pytest.fixture
def hearing(orbit: Client, treasurer: Office, now: datetime) -> None:
    """Put money into the hearing fund."""
    endow(orbit, amount=Decimal(900), reference="GRANT-H", by=treasurer, at=now, fund="hearing")


def pause(who: Person, *, scope: str = "work", hours: int = 72, facts: str = "seen twice") -> Pause:
    """Let the safety officer and the treasurer pause somebody now."""
    asked = pauses.ask(
        who, ground=PauseGround.ACCOUNT_TAKEN_OVER, scope=scope, reason="Signed in from two continents.",
        evidence=pauses.evidence_of(facts), hours=hours, by=person("samuel"), at=clock.now(),
    )  # fmt: skip
    return pauses.confirm(asked, by=person("teresa"), at=clock.now())


def average(earned: str, hours: int) -> Decimal:
    """Return 13 weeks' pay spread over 91 days, for so many hours, rounded up to the micro-unit."""
    exact = Decimal(earned) * hours / (91 * 24)
    return exact.quantize(Decimal("0.000001"), ROUND_CEILING)


@pytest.fixture
def paused(hearing: None, earn: Earn, amina: Person, later: Later) -> Pause:
    """Pause Amina, who has earned 12.34 in the weeks before."""
    earn(amina, "12.34")
    later(hours=1)
    return pause(amina)


def test_a_paused_member_is_paid_their_average_hour_by_hour(paused: Pause, amina: Person, later: Later) -> None:
    before = payouts.ready(amina)
    due.settle(amina, at=later(hours=5, minutes=59))
    assert payouts.ready(amina) - before == average("12.34", 5)
    due.settle(amina, at=clock.now())
    assert payouts.ready(amina) - before == average("12.34", 5)
    due.settle(amina, at=later(hours=200))
    assert payouts.ready(amina) - before == average("12.34", 72)
    assert not any(invariants.broken().values())


def test_however_often_it_is_paid_the_sum_is_rounded_once(paused: Pause, amina: Person, later: Later) -> None:
    before = payouts.ready(amina)
    for _hour in range(72):
        entitlements.settle(at=later(hours=1))
    assert Entitlement.objects.filter(source=f"pause:{paused.pk}").count() == 72
    assert payouts.ready(amina) - before == average("12.34", 72)


def test_nothing_is_due_in_the_first_hour_nor_after_the_end(paused: Pause, amina: Person, later: Later) -> None:
    assert entitlements.owed(amina) == []
    entitlements.settle(at=later(hours=73))
    later(days=30)
    assert entitlements.owed(amina) == []


def test_what_was_earned_more_than_13_weeks_before_does_not_count(
    hearing: None, earn: Earn, amina: Person, later: Later
) -> None:
    earn(amina, "40")
    later(days=92)
    earn(amina, "9.1")
    later(hours=1)
    pause(amina)
    later(hours=72)
    assert entitlements.owed(amina)[0].amount == average("9.1", 72)


def test_a_pause_of_one_job_pays_what_that_job_did(hearing: None, earn: Earn, amina: Person, later: Later) -> None:
    earn(amina, "9.1")
    later(hours=1)
    of_that_job, of_another = (
        pause(amina, scope="job:700001", hours=24),
        pause(amina, scope="job:5", hours=24, facts="x"),
    )
    later(hours=24)
    amounts = {one.source: one.amount for one in entitlements.owed(amina)}
    assert amounts == {f"pause:{of_that_job.pk}": average("9.1", 24)}
    assert f"pause:{of_another.pk}" not in amounts


def test_two_pauses_at_once_pay_the_time_once(hearing: None, earn: Earn, amina: Person, later: Later) -> None:
    earn(amina, "9.1")
    later(hours=1)
    pause(amina, scope="job:700001", hours=24)
    later(hours=6)
    pause(amina, hours=48, facts="another")
    later(hours=100)
    paid = sum(one.amount for one in entitlements.owed(amina))
    # The second began a few milliseconds after the sixth hour.
    assert average("9.1", 6 + 48) <= paid <= average("9.1", 6 + 48) + Decimal("0.00001")


def test_a_pause_of_a_kind_of_work_pays_what_its_jobs_did(
    hearing: None, earn: Earn, amina: Person, later: Later, checked: Job, paid: Callable[[Person], Decimal]
) -> None:
    earn(amina, "9.1")
    done = str(paid(amina) + paid(amina))
    later(hours=1)
    running = pause(amina, scope=f"class:{checked.work_type.slug}", hours=24)
    later(hours=24)
    assert {one.source: one.amount for one in entitlements.owed(amina)} == {f"pause:{running.pk}": average(done, 24)}


def test_of_two_scopes_at_once_the_wider_pays_and_the_rest_is_paid_beside_it(
    hearing: None, earn: Earn, amina: Person, later: Later, checked: Job, paid: Callable[[Person], Decimal]
) -> None:
    earn(amina, "9.1")
    done = paid(amina)
    later(hours=1)
    narrow = pause(amina, scope=f"job:{checked.pk}", hours=24)
    later(hours=6)
    wide = pause(amina, scope=f"class:{checked.work_type.slug}", hours=12, facts="another")
    other = pause(amina, scope="job:700001", hours=12, facts="a third")
    later(hours=30)
    owed = {one.source: one.amount for one in entitlements.owed(amina)}
    assert owed[f"pause:{wide.pk}"] == average(str(done), 12)
    assert owed[f"pause:{other.pk}"] == average("9.1", 12)
    # The wider began a few milliseconds after the sixth hour.
    rest = average(str(done), 24 - 12)
    assert abs(owed[f"pause:{narrow.pk}"] - rest) <= Decimal("0.00001")


@pytest.mark.parametrize("scope", ["session", "project:7", "class:nothing"])
def test_what_stops_no_work_of_theirs_pays_nothing(
    hearing: None, earn: Earn, amina: Person, later: Later, scope: str
) -> None:
    earn(amina, "9.1")
    later(hours=1)
    pause(amina, scope=scope, hours=24)
    later(hours=24)
    assert entitlements.owed(amina) == []


def test_a_short_fund_owes_what_it_cannot_pay(
    earn: Earn, amina: Person, later: Later, orbit: Client, treasurer: Office
) -> None:
    rich = ledger.balance(accounts.HEARING) * 50
    endow(orbit, amount=rich, reference="G-8", by=treasurer, at=clock.now())
    earn(amina, str(rich))
    later(hours=1)
    pause(amina)
    assert entitlements.settle(at=later(hours=72)) == 0
    assert entitlements.owed(amina)[0].amount == average(str(rich), 72)
    endow(orbit, amount=rich, reference="G-9", by=treasurer, at=clock.now(), fund="hearing")
    assert entitlements.settle(at=clock.now()) == 1
    assert payouts.ready(amina) == rich + average(str(rich), 72)


def test_the_member_reads_what_the_money_is_for(paused: Pause, amina: Person, later: Later) -> None:
    entitlements.settle(at=later(hours=2))
    words = [entry.words for entry in statements.entries(statements.lines(amina)[:1], amina)]
    assert words == ["Pay while paused"]


def test_looking_for_what_is_due_costs_one_query(paused: Pause, amina: Person, later: Later) -> None:
    later(hours=72)
    with CaptureQueriesContext(
        connection,
    ) as seen:
        entitlements.owed(amina)
    assert len(seen) == 1


def test_nobody_writes_themselves_an_entitlement(
    paused: Pause, amina: Person, luis: Person, attack: Attack, later: Later
) -> None:
    source = f"pause:{paused.pk}"
    attack(ADD, [amina.pk, 24, source, 5], guard=FACTS)  # no hour has passed
    later(hours=3)
    attack(ADD, [luis.pk, 24, source, 5], guard=FACTS)
    attack(ADD, [amina.pk, 25, source, 5], guard=FACTS)  # it was not unfounded
    attack(ADD, [amina.pk, 26, "seat:1", 5], guard=FACTS)
    attack(ADD, [amina.pk, 27, source, 5], guard=FACTS)
    attack(ADD, [amina.pk, 24, f"{source} ", 5], guard=FACTS)
    entitlements.settle(at=clock.now())
    attack(ADD, [amina.pk, 24, source, 5], guard=FACTS)


def test_span_and_amount_are_the_databases_own(paused: Pause, amina: Person, later: Later) -> None:
    later(hours=3)
    with transaction.atomic():
        made = Entitlement.objects.create(
            person=amina, kind=Owing.PAUSED, source=f"pause:{paused.pk}", amount=Decimal(700),
            since=paused.starts_at, until=paused.ends_at, at=clock.now(),
        )  # fmt: skip
        made.refresh_from_db()
        assert made.until is not None
        assert made.since is not None
        assert (made.amount, made.until - made.since) == (average("12.34", 3), timedelta(hours=3))
        transaction.set_rollback(True)


def test_an_entitlement_is_never_ticked_off_unpaid(paused: Pause, amina: Person, attack: Attack, later: Later) -> None:
    later(hours=3)
    with connection.cursor() as cursor:
        cursor.execute(ADD, [amina.pk, 24, f"pause:{paused.pk}", 5])
    attack("SET CONSTRAINTS ALL IMMEDIATE", guard="entitlement_is_paid")


def test_the_fund_pays_nobody_else_nothing_more_and_nothing_twice(
    paused: Pause, amina: Person, luis: Person, attack: Attack, later: Later
) -> None:
    entitlements.settle(at=later(hours=3))
    made = Entitlement.objects.get()
    ref, micro = f"entitlement:{made.pk}", to_micro(made.amount)
    to_amina, to_luis = accounts.payable(amina.pk), accounts.payable(luis.pk)
    attack(POST, posting(24, accounts.HEARING, to_luis, micro, ref), guard=POSTED)
    attack(POST, posting(24, accounts.HEARING, to_amina, micro + 1, ref), guard="facts_are_posted_once")
    attack(POST, posting(25, accounts.HEARING, to_amina, micro, ref), guard=POSTED)
    attack(POST, posting(24, accounts.HEARING, to_amina, micro, ref), guard="facts_are_posted_once")
    attack(POST, posting(24, accounts.HEARING, to_amina, micro, f"{ref} "), guard=POSTED)
    attack(POST, posting(26, accounts.HEARING, to_amina, micro, "seat:9"), guard=POSTED)
    attack(POST, posting(24, accounts.TRAINING, to_amina, micro, "x:1"), guard=POSTED)
    attack(
        POST, posting(Kind.REFUND, accounts.HEARING, "client:1:available", micro, ref), guard="posting_kind_allows_it"
    )


def test_what_was_paid_is_not_rewritten_even_by_the_owner(paused: Pause, attack: Attack, later: Later) -> None:
    entitlements.settle(at=later(hours=3))
    attack("UPDATE payments_entitlement SET amount = 1", guard="permission denied")
    with owning():
        attack("UPDATE payments_entitlement SET amount = 1", guard="payments_entitlement_is_append_only")


def test_amount_and_kind_are_bounded(paused: Pause, amina: Person, attack: Attack) -> None:
    with owning():
        connection.cursor().execute(
            "ALTER TABLE payments_entitlement DISABLE TRIGGER entitlement_is_what_the_facts_say"
        )
    attack(ADD, [amina.pk, 24, "pause:1", 0], guard="entitlements_are_positive")
    attack(ADD, [amina.pk, 9, "pause:1", 5], guard="owing_is_known")
