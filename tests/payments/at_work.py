# ruff: noqa: D102 - what an act does is its name
"""Real jobs beside the books: opened, taken, answered, checked, sent back, rejected, looked at, tipped, closed."""

import uuid
from datetime import timedelta
from decimal import Decimal

from django.db import connection

from coop import clock
from coop.people.models import Person
from payments import accounts, escrow, exchange, ledger, rates
from payments.money import from_micro
from tasks import answers, checks, claims, disputes, hidden, jobs, reports, reviews, tips
from tasks.models import Assignment, Finding, Ground, Job, Peer, Settlement, Tip
from tests.conftest import person
from tests.payments.everybody import Everybody
from tests.payments.test_books_property import JOBS
from tests.tasks import orders
from tests.tasks.conftest import DIFFERENT, SAME
from tests.tasks.disputing import REASON, WHY

OPEN_JOBS = 3
BALANCES = "SELECT code, currency, balance FROM payments_account WHERE tracked"
# What facts beside the ledger say that people were paid for real work, in micro-units.
PAID = """
SELECT person_id, sum(amount)::bigint FROM (
    SELECT person_id, pay AS amount FROM tasks_assignment WHERE state IN ('accepted', 'disputed', 'rejected')
    UNION ALL SELECT person_id, pay FROM tasks_check WHERE state = 'done'
    UNION ALL SELECT a.person_id, t.amount FROM tasks_tip t JOIN tasks_assignment a ON a.id = t.assignment_id
) paid WHERE person_id = ANY(%s) GROUP BY person_id
"""


class AtWork(Everybody):
    """Everybody, with real jobs of the client, the members who do them, and the peers who are drawn."""

    def begin(self) -> None:
        """Begin with those who work: members, one of them about to leave."""
        super().begin()
        self.olga = person("olga")
        self.paid_before = self.paid_for_work()
        self.paid_back = set(Settlement.objects.values_list("pk", flat=True))
        self.workers = [person(name) for name in ("priya", "samuel", "petra")] + self.members

    @property
    def worker(self) -> Person:
        return self.chance.choice(self.workers)

    @property
    def open_jobs(self) -> list[Job]:
        return list(Job.objects.filter(client=self.orbit, title="Drawn", closed_at=None).order_by("pk"))

    def an_answer(self, *states: str) -> Assignment | None:
        """Return an assignment in one of these states, by chance among the latest."""
        found = Assignment.objects.filter(job__title="Drawn", state__in=states)
        found = found.select_related("job__client", "job__work_type", "task", "person", "fee_version")
        return self.chance.choice(list(found.order_by("-pk")[:20]) or [None])

    def opens_a_job(self) -> None:
        if len(self.open_jobs) < OPEN_JOBS:
            facts = {"overlap": self.chance.choice([1, 2]), "review_rule": self.chance.choice(["majority", "peer"])}
            orders.opened(self.orbit, self.olga, tasks=6, title="Drawn", time_limit=timedelta(minutes=30), **facts)

    def closes_a_job(self) -> None:
        for job in self.open_jobs[:1]:
            jobs.close(job, by=self.olga, at=self.at)

    def takes_a_task(self) -> None:
        if not (standing := self.open_jobs):
            return self.opens_a_job()
        with self.unless_refused():
            claims.claim_next(self.chance.choice(standing), by=self.worker, at=self.at)
        return None

    def answers(self) -> None:
        if mine := self.an_answer("claimed", "sent_back"):
            value = self.chance.choice([SAME, SAME, DIFFERENT])
            with self.unless_refused():
                answers.submit(mine, value=value, key=uuid.uuid4(), seconds=20, by=mine.person, at=self.at)

    def leaves_a_task(self) -> None:
        if mine := self.an_answer("claimed"):
            with self.unless_refused():
                self.chance.choice([claims.leave, claims.skip])(mine, by=mine.person, at=self.at)

    def takes_a_real_check(self) -> None:
        if one := self.an_answer("submitted"):
            with self.unless_refused():
                checks.take(one, by=self.worker, at=self.at)

    def accepts_an_answer(self) -> None:
        if one := self.an_answer("submitted"):
            by, ground = self.chance.choice([(self.olga, Ground.CLIENT), (self.worker, Ground.PEER)])
            with self.unless_refused():
                reviews.accept(one, by=by, at=self.at, ground=ground)

    def sends_an_answer_back(self) -> None:
        if one := self.an_answer("submitted"):
            told = {"reason": "Look at the second line again.", "place": "labels"}
            with self.unless_refused():
                reviews.send_back(one, **told, by=self.olga, at=self.at, ground=Ground.CLIENT)

    def rejects_an_answer(self) -> None:
        if one := self.an_answer("submitted"):
            with self.unless_refused():
                disputes.reject(one, reason=REASON, place="labels", by=self.olga, at=self.at)
                self.advanceable -= one.pay

    def a_peer_looks(self) -> None:
        for peer in Peer.objects.filter(finding=None, dispute__settlement=None).select_related("person")[:1]:
            assert peer.person
            with self.unless_refused():
                disputes.find(peer, stands=self.chance.random() < 0.5, reason=WHY, by=peer.person, at=self.at)
                pay = Decimal(Finding.objects.order_by("-pk").values_list("pay", flat=True)[0] or 0)
                self.advanceable -= pay
                self.gets(peer.person.pk, pay)
        self.count_what_clients_paid_back()

    def count_what_clients_paid_back(self) -> None:
        new = (
            Settlement.objects.filter(stands=True).exclude(pk__in=self.paid_back).select_related("dispute__assignment")
        )
        for ended in new:
            self.paid_back.add(ended.pk)
            self.advanceable += ended.dispute.assignment.pay

    def gives_a_tip(self) -> None:
        if one := self.an_answer("accepted"):
            amount, given = self.some(500_000), Tip.objects.filter(assignment=one).exists()
            with self.if_it_fits(not given and amount <= escrow.available(self.orbit)):
                tips.give(one, amount=amount, by=self.olga, at=self.at)

    def a_job_shows_what_it_did_not_name(self) -> None:
        """Two members report it, an officer finds it, and the client pays the care fund and names it."""
        with self.unless_refused():
            job = orders.opened(self.orbit, self.olga, tasks=6, title="Drawn", time_limit=timedelta(minutes=30))
            self.at = clock.now()
            for member in self.members[:2]:
                mine = claims.claim_next(job, by=member, at=self.at)
                reports.report(mine, words="A wound.", topic="medical", by=member, at=self.at)
            available, care = escrow.available(self.orbit), ledger.balance(accounts.CARE)
            found = hidden.find(job, topic="medical", reason=WHY, by=person("samuel"), at=self.at)
            assert available - escrow.available(self.orbit) == ledger.balance(accounts.CARE) - care == found.amount
            jobs.raise_pay(job, pay=job.pay * 6 / 5, by=self.olga, at=self.at)
            hidden.name(job, topic="medical", share="some", by=self.olga, at=self.at)

    def time_runs_out(self) -> None:
        """Whatever time ends by itself: tasks, checks, silence, disputes, deposits of closed jobs."""
        self.at = clock.advance(timedelta(minutes=self.chance.choice([5, 40, 60 * 24])))
        claims.expire_due(at=self.at)
        checks.lapse_due(at=self.at)
        reviews.accept_silent(at=self.at)
        disputes.go_on_all(at=self.at)
        jobs.return_deposits(at=self.at)
        self.count_what_clients_paid_back()

    def paid_for_work(self) -> dict[int, Decimal]:
        """Return what each member was paid for real work, from the facts of the work."""
        with connection.cursor() as cursor:
            cursor.execute(PAID, [[member.pk for member in self.members]])
            return {number: from_micro(amount) for number, amount in cursor.fetchall()}

    def everybody_has_what_was_counted(self) -> None:
        """Ask at once what stands, and whether it is what was counted beside, and what the facts of real work say."""
        with connection.cursor() as cursor:
            cursor.execute(BALANCES)
            stands = {(code, currency): from_micro(micro) for code, currency, micro in cursor.fetchall()}
        counted = self.counted()
        assert {account: stands.get(account, Decimal(0)) for account in counted} == counted
        free = exchange.held("KES")
        assert free == self.bought - self.arrived >= 0
        assert self.advanceable >= 0

    def counted(self) -> dict[tuple[str, str], Decimal]:
        """Return what each account must hold that is counted beside the ledger, by its code and currency."""
        paid, usd = self.paid_for_work(), {}
        for member in self.members:
            work = paid.get(member.pk, Decimal(0)) - self.paid_before.get(member.pk, Decimal(0))
            usd[accounts.payable(member.pk)] = self.earned[member.pk] + work
        behind = {(job, member.pk): Decimal(0) for job in JOBS for member in self.members}
        for job, who, pay in [*self.open.values(), *self.disputed.values()]:
            behind[job, who] += pay + rates.fee_on(pay, self.fee)
        for job, who, pay in self.checked.values():
            behind[job, who] += pay
        usd |= {accounts.commitment(job, who): held for (job, who), held in behind.items()}
        usd |= {accounts.DISPUTE: self.advanceable, accounts.FLOOR: self.at_hand(), "fx:USD": self.costs - self.paid}
        return {(code, "USD"): held for code, held in usd.items()} | {("fx:KES", "KES"): self.bought - self.arrived}
