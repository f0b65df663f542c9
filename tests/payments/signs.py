"""What works like a ban, as real acts make it, and the case that opens by it (7.11)."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

from coop import clock
from coop.people.models import Client, Person
from governance import cases, resigning, turned_away
from governance.models import Case, Equivalent, TurnedFrom
from payments import payouts
from tasks import reviews
from tasks.models import Assignment, Ground
from tests.conftest import person
from tests.governance import charging
from tests.tasks.conftest import SAME, make_job, work


def no_offers(member: Person) -> None:
    """Let the site refuse a job to a member, without a ground, while another one does it for a fortnight."""
    job = make_job(Client.objects.get(slug="orbit"), person("olga"), tasks=3, overlap=1)
    assert turned_away.note(member, TurnedFrom.CLAIM, job=job.pk, at=clock.now())
    clock.advance(timedelta(days=14, minutes=1))
    work(job, person("luis"), SAME)


def held_payout(member: Person) -> None:
    payouts.request(member, amount=Decimal(5), by=member, at=clock.now())
    clock.advance(timedelta(hours=73))


def mass_rejection(member: Person, many: int = 6) -> list[Assignment]:
    """Let a client send six of a member's answers back, or another number of them."""
    olga = person("olga")
    job = make_job(Client.objects.get(slug="orbit"), olga, tasks=70, overlap=1, review_rule="peer")
    for _answer in range(60):
        work(job, person("luis"), SAME)
    back = [work(job, member, SAME) for _answer in range(many)]
    for mine in back:
        told = {"reason": "All of these are wrong.", "place": "labels", "ground": Ground.CLIENT}
        reviews.send_back(mine, **told, by=olga, at=clock.now())  # type: ignore[arg-type]
    return back


def pressed(member: Person) -> None:
    resigning.give_notice(member, pressure="pressed", at=clock.now())


MADE: dict[Equivalent, Callable[[Person], object]] = {
    Equivalent.NO_OFFERS: no_offers, Equivalent.HELD_PAYOUT: held_payout, Equivalent.MASS_REJECTION: mass_rejection,
    Equivalent.MUTED: charging.kept_quiet, Equivalent.PRESSED_TO_LEAVE: pressed,
}  # fmt: skip


def shown(ground: Equivalent, member: Person) -> Case:
    """Return a case that opened on a sign that was really there."""
    MADE[ground](member)
    cases.open_equivalent(member, kind=ground, at=clock.now())
    return Case.objects.filter(person=member, ground=ground).latest("pk")
