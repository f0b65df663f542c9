# ruff: noqa: D102 - what is asked is its name
"""What is asked of the books after each act: I1 to I15, set by set, and against what stood before the act.

What an act posted is posted again, and with another amount; what stood before it must be as it was.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from coop.audit import fees, money
from coop.audit import ledger as audit
from coop.people.models import Client
from governance.models import Office
from payments import accounts, invariants, ledger, places, sealing
from payments.ledger import Kind, Line
from payments.models import Place, Transfer
from payments.money import from_micro
from tasks.models import Assignment
from tests.money_in import arrive

UNIT = Decimal("0.000001")
ROLLED_JOB = 700_003
# What knows no jobs and no weeks that only the books know.
BESIDE = [walk for walk in money.NIGHTLY if walk.name in {"ledger", "guarantee"}]
STOOD = """
SELECT coalesce(sum(hash_record_extended(t, 0)) FILTER (WHERE t.id <= %(mark)s), 0), coalesce(max(t.id), 0),
    coalesce(sum(hash_record_extended(t, 0)), 0) FROM payments_transfer t
"""
ALL_OF_IT = """
SELECT (SELECT sum(hash_record_extended(t, 0)) FROM payments_transfer t),
    (SELECT sum(hash_record_extended(a, 0)) FROM payments_account a), (SELECT count(*) FROM record_event),
    (SELECT count(*) FROM payments_deposit)
"""
# I6: whoever took a task took it at a rate and a fee that were voted and in force, and not below the rate.
UNVOTED = """
SELECT a.id FROM tasks_assignment a JOIN tasks_job j ON j.id = a.job_id
JOIN payments_rate r ON r.id = a.rate_id JOIN payments_fee f ON f.id = a.fee_version_id
WHERE r.work_type_id <> j.work_type_id OR a.pay < r.amount
    OR a.fee <> CASE WHEN j.is_onboarding THEN 0 ELSE a.pay * f.on_wage / 10000 END
    OR EXISTS (SELECT FROM payments_rate n WHERE n.work_type_id = r.work_type_id AND n.version > r.version
        AND n.since <= a.claimed_at)
    OR EXISTS (SELECT FROM payments_fee n WHERE n.version > f.version AND n.since <= a.claimed_at)
"""
# I14: what officers, cards and banks said went in and out, and where; a deposit that was taken back did not.
AT_EACH_PLACE = """
SELECT place, sum(amount)::bigint FROM (
    SELECT 'main' AS place, d.amount FROM payments_deposit d
    WHERE EXISTS (SELECT FROM payments_depositproof f WHERE f.deposit_id = d.id) AND NOT EXISTS (
        SELECT FROM payments_transfer t JOIN payments_transfer r ON r.reverses_id = t.id
        WHERE t.ref = 'deposit:' || d.id)
    UNION ALL SELECT 'stripe', CASE outcome WHEN 'charged_back' THEN -amount ELSE amount END FROM payments_cardevent
        WHERE outcome IN ('settled', 'charged_back', 'won')
    UNION ALL SELECT CASE WHEN rail IN ('bank', 'by_hand') THEN 'main' ELSE rail END, -amount FROM payments_payout
        WHERE currency = 'USD' AND state = 'settled'
    UNION ALL SELECT CASE WHEN card_id IS NULL THEN 'main' ELSE 'stripe' END, -amount FROM payments_payback
        WHERE state = 'settled'
    UNION ALL SELECT 'main', -e.amount FROM payments_expense e JOIN payments_outlay o ON o.expense_id = e.id
    UNION ALL SELECT 'main', -paid FROM payments_purchase WHERE confirmed_by_id IS NOT NULL
    UNION ALL SELECT CASE rail WHEN 'bank' THEN 'main' ELSE rail END, -amount FROM payments_railevent
        WHERE outcome = 'fee' AND currency = 'USD'
    UNION ALL SELECT source, -amount FROM payments_move WHERE confirmed_by_id IS NOT NULL
    UNION ALL SELECT target, amount FROM payments_move WHERE confirmed_by_id IS NOT NULL
) facts GROUP BY place
"""


def told(query: str, **facts: Any) -> tuple[Any, ...]:
    with connection.cursor() as cursor:
        cursor.execute(query, facts)
        row: tuple[Any, ...] = cursor.fetchone()
        return row


class AskedAfter:
    """What stood, and what was posted since; `beside` are the accounts of jobs that only the books know."""

    def __init__(self, client: Client, officer: Office, beside: Callable[[str], bool]) -> None:
        """Begin with what stands, and note each line that is posted from now on."""
        self.client, self.officer, self.beside = client, officer, beside
        _stood, self.mark, self.stood = told(STOOD, mark=0)
        self.posted: list[tuple[Line, str, datetime, str]] = []
        self.roots: dict[str, tuple[int, str]] = {}
        self.acts, self.month = 0, ""
        said = self.at_each_place()
        self.elsewhere = {place: said[place] - places.held(place) for place in Place}

    def note(self, original: Callable[..., list[Transfer]]) -> Callable[..., list[Transfer]]:
        """Return the posting of lines, noting them."""
        self.post_many = original

        def post_many(
            lines: Sequence[Line], *, journal: str = "", at: datetime, currency: str = "USD"
        ) -> list[Transfer]:
            self.posted += [(line, journal, at, currency) for line in lines]
            return original(lines, journal=journal, at=at, currency=currency)

        return post_many

    def note_early(self, original: Callable[..., int]) -> Callable[..., int]:
        """Return the posting of acceptances, noting their lines as well."""

        def post_early(lines: Sequence[Line], *, at: datetime, currency: str = "USD") -> int:
            self.posted += [(line, "", at, currency) for line in lines]
            return original(lines, at=at, currency=currency)

        return post_early

    def ask(self, at: datetime) -> None:
        """Ask everything, and go on from what stands now."""
        self.acts += 1
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")
        # I1 to I3, I8, I10 to I13, and those that came later.
        assert not {name: rows for name, rows in invariants.broken().items() if rows}
        self.nothing_that_stood_was_touched()
        self.claims_have_their_money_and_their_votes()
        self.the_books_are_what_they_speak_of()
        before = told(ALL_OF_IT)
        self.again_changes_nothing()
        self.rolled_back_leaves_no_trace(at)
        assert told(ALL_OF_IT) == before
        self.each_place_holds_what_was_said()
        self.sealed_months_are_what_was_sealed(f"{at:%Y-%m}")

    def nothing_that_stood_was_touched(self) -> None:
        """I7: the transfers from before the act are the same, and the site cannot touch the latest."""
        stood, mark, now = told(STOOD, mark=self.mark)
        assert stood == self.stood
        self.mark, self.stood = mark, now
        for attack in (
            "UPDATE payments_transfer SET amount = 1 WHERE id = %s",
            "DELETE FROM payments_transfer WHERE id = %s",
        ):
            with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(attack, [mark])

    def claims_have_their_money_and_their_votes(self) -> None:
        """I4 and I6: what is locked is what open claims and checks ask for, at the rate and the fee that were voted."""
        assert not list(audit.wages())
        assert not list(fees.on_wages())
        assert not [found for found in audit.behind_claims() if not self.beside(found.row)]
        with connection.cursor() as cursor:
            cursor.execute(UNVOTED)
            assert not cursor.fetchall()

    def the_books_are_what_they_speak_of(self) -> None:
        """What is walked every night finds nothing, by turns; jobs that only the books know have no answers."""
        if self.acts % 20 == 0:
            known = {f"assignment:{number}" for number in Assignment.objects.values_list("pk", flat=True)}
            found = [one for walk in money.NIGHTLY if walk not in BESIDE for one in walk.find(bool)]
            wrong = [str(one) for one in found if not one.row.startswith("assignment:") or one.row in known]
            assert not wrong, wrong

    def again_changes_nothing(self) -> None:
        """I5: what the act posted is posted again, and then as something else, which is refused."""
        keys = {ledger.key_of(line.key) for line, *_where in self.posted}
        standing = set(Transfer.objects.filter(key__in=keys).values_list("key", flat=True))
        acts: dict[tuple[datetime, str], list[Line]] = {}
        for line, journal, at, currency in self.posted:
            if ledger.key_of(line.key) in standing:
                acts.setdefault((at, currency), []).append(replace(line, journal=line.journal or journal))
        for (at, currency), lines in acts.items():
            assert self.post_many(lines, at=at, currency=currency) == []
            other = replace(lines[-1], amount=lines[-1].amount + UNIT)
            with pytest.raises(ledger.LedgerConflict), transaction.atomic():
                self.post_many([other], at=at, currency=currency)
        self.posted.clear()

    def rolled_back_leaves_no_trace(self, at: datetime) -> None:
        """I9: money set aside in a transaction that ends badly never was."""
        key, source, target = f"rolled:{self.acts}", accounts.client(self.client.pk), accounts.escrow(ROLLED_JOB)
        with transaction.atomic():
            if ledger.balance(source) < UNIT:
                arrive(self.client, amount=UNIT, reference=key, by=self.officer, at=at)
            self.post_many([Line(Kind.FUND, source, target, UNIT, key, f"job:{ROLLED_JOB}")], at=at)
            assert ledger.balance(target) == UNIT
            transaction.set_rollback(True)

    def at_each_place(self) -> dict[Place, Decimal]:
        with connection.cursor() as cursor:
            cursor.execute(AT_EACH_PLACE)
            return dict.fromkeys(Place, Decimal(0)) | {
                Place(name): from_micro(sum_) for name, sum_ in cursor.fetchall()
            }

    def each_place_holds_what_was_said(self) -> None:
        """I14: each place has what went in less what went out, as officers, cards and statements said it."""
        said = self.at_each_place()
        assert {place: said[place] - self.elsewhere[place] for place in Place} == {
            place: places.held(place) for place in Place
        }

    def sealed_months_are_what_was_sealed(self, month: str) -> None:
        """I15: the roots of sealed months are computed again when a month begins, one of them by turns between.

        That no row of theirs was touched is asked after each act (I7).
        """
        if month == self.month and self.acts % 20:
            return
        sealed, self.month = sealing.sealed(), month
        new = [one for one in sealed if str(one[0]) not in self.roots]
        for one, size, root in [*new, *sealed[self.acts // 20 % (len(sealed) or 1) :][:1]]:
            assert sealing.root(one) == self.roots.setdefault(str(one), (size, root)) == (size, root)
