"""The hourly guarantee: each week worked out again from the time and the pay behind it, and paid once (E4)."""

from collections.abc import Iterator
from datetime import date, timedelta

from coop import clock
from coop.audit.findings import Finding, Tick, faults

EVER = date(2000, 1, 1)
# How far back each night's look goes: every minute that somebody worked is looked at, so not at all of them each night.
LATELY = timedelta(weeks=8)


def walk(tick: Tick) -> Iterator[Finding]:
    """Work every week out again."""
    return since(EVER, tick)


def lately(tick: Tick) -> Iterator[Finding]:
    """Work the weeks of the last two months out again."""
    return since((clock.now() - LATELY).date(), tick)


def since(day: date, tick: Tick) -> Iterator[Finding]:
    """Work out again what the weeks from a day on came to, and compare what was paid with what lacked."""
    tick(1)
    yield from faults(
        f"""
        SELECT t.id, t.seconds, t.floor / 1e6 AS floor, t.earned / 1e6 AS earned, w.seconds AS worked,
            w.earned / 1e6 AS made, CASE WHEN w.voted THEN 'the floor was voted' ELSE 'no such floor was voted' END
            AS voted
        FROM payments_weeks_again('{day:%Y-%m-%d}') w JOIN payments_topup t ON t.id = w.topup
        WHERE (w.seconds, w.earned, w.voted) IS DISTINCT FROM (t.seconds::bigint, t.earned, true)""",  # noqa: S608 - ours
        "payments_topup {id}",
        "says {seconds} seconds at a floor of {floor:f}, which earned {earned:f}",
        "the work of the week says {worked} seconds, which earned {made:f}, and {voted}",
    )
    yield from what_lacked()
    yield from everybody()
    yield from paid()


def what_lacked() -> Iterator[Finding]:
    """Compare what each week lacked with the formula: floor x seconds / 3600, rounded up, less earned."""
    yield from faults(
        """
        SELECT id, amount / 1e6 AS amount, due / 1e6 AS due FROM (
            SELECT *, greatest(0, ceil(floor::numeric * seconds / 3600) - earned) AS due FROM payments_topup
        ) t WHERE amount <> due""",
        "payments_topup {id}",
        "lacked {amount:f}",
        "floor, time and earnings make it {due:f}",
    )


def everybody() -> Iterator[Finding]:
    """Compare for how many people a week's figures stand with for how many it was counted."""
    yield from faults(
        """
        SELECT coalesce(r.week, t.week) AS week, coalesce(t.people, 0) AS stand, coalesce(r.people, 0) AS counted
        FROM (SELECT week, sum(people) AS people FROM payments_reckoning GROUP BY week) r
        FULL JOIN (SELECT week, count(*) AS people FROM payments_topup GROUP BY week) t ON t.week = r.week
        WHERE coalesce(t.people, 0) <> coalesce(r.people, 0)""",
        "week of {week}",
        "has figures of {stand} people",
        "it was counted for {counted}",
    )


def paid() -> Iterator[Finding]:
    """Compare each payment to the floor with the part it names: its amount, its member, and what pays it."""
    yield from faults(
        """
        SELECT t.id, t.ref, t.amount / 1e6 AS paid, p.amount / 1e6 AS part FROM payments_transfer t
        JOIN payments_account c ON c.id = t.credit_id JOIN payments_account d ON d.id = t.debit_id
        LEFT JOIN payments_topuppart p ON t.ref = 'topup:' || p.id LEFT JOIN payments_topup u ON u.id = p.topup_id
        WHERE t.kind = 11 AND (t.amount, c.code, d.code) IS DISTINCT FROM (p.amount,
            'member:' || u.person_id || ':payable', coalesce('job:' || p.job || ':floor', 'fund:floor'))""",
        "payments_transfer {id}",
        "paid {paid:f} for {ref}, from or to somebody else",
        "that part of a week is {part}",
    )
