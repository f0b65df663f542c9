# ruff: noqa: S608 - the pieces of SQL put together here are all in this file
"""What must always be true of the books, each as a question whose right answer is: no rows.

All are asked in one statement, so that what all transfers of an account add up to is summed once for all of them.
"""

import json
from dataclasses import dataclass

from django.db import connection
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True, slots=True)
class Invariant:
    """A sentence about the books and the SQL that returns the rows which break it; it may read SUMS as `sums`."""

    name: str
    says: str | Promise
    sql: str


# An account's balance as all its transfers add up to.
SUMS = """
    SELECT a.id, a.code, a.kind, a.currency, a.balance, a.tracked, a.floor, a.ceiling,
        coalesce(sum(side.amount), 0) AS total
    FROM payments_account a LEFT JOIN (
        SELECT credit_id AS account_id, amount FROM payments_transfer
        UNION ALL SELECT debit_id, -amount FROM payments_transfer
    ) side ON side.account_id = a.id GROUP BY a.id
"""

# The bank's account, in each currency that it gave statements of: what the books hold there, what the first statements
# opened and the last closed with, what lines say that moved nothing there, and what is in the books and on no line.
AT_BANK = """
    WITH each AS (
        SELECT currency, (array_agg(opening ORDER BY id))[1] AS opening,
            (array_agg(closing ORDER BY id DESC))[1] AS closing
        FROM payments_bankstatement WHERE place = 'main' GROUP BY split_part(number, '/', 1), currency
    ), line AS (
        SELECT s.currency, CASE WHEN e.incoming THEN e.amount ELSE -e.amount END AS amount, CASE
            WHEN f.id IS NOT NULL THEN 1 WHEN e.outcome = 'fee' THEN 17
            WHEN e.outcome = 'settled' THEN 14 WHEN e.outcome = 'returned' THEN 16 END AS kind, CASE
            WHEN f.id IS NOT NULL THEN 'deposit:' || f.deposit_id WHEN e.outcome = 'fee' THEN 'rail_event:' || e.id
            ELSE 'payout:' || e.payout_id END AS ref
        FROM payments_railevent e JOIN payments_bankstatement s ON s.id = e.statement_id AND s.place = 'main'
        LEFT JOIN payments_depositproof f ON f.line_id = e.id
    ), moved AS (
        SELECT a.currency, t.kind, t.ref, CASE t.debit_id WHEN a.id THEN t.amount ELSE -t.amount END AS amount
        FROM payments_account a JOIN payments_transfer t ON a.id IN (t.debit_id, t.credit_id)
        WHERE a.code = 'bank:main'
    )
    SELECT s.currency, s.opening, s.closing,
        coalesce((SELECT sum(m.amount) FROM moved m WHERE m.currency = s.currency), 0) AS held,
        coalesce((SELECT sum(l.amount) FROM line l WHERE l.currency = s.currency AND l.kind IS NULL), 0) AS unbooked,
        coalesce((SELECT sum(m.amount) FROM moved m WHERE m.currency = s.currency
            AND NOT EXISTS (SELECT FROM line l WHERE l.kind = m.kind AND l.ref = m.ref)), 0) AS unshown
    FROM (SELECT currency, sum(opening) AS opening, sum(closing) AS closing FROM each GROUP BY currency) s
"""

ALL = (
    Invariant(
        "I1",
        _("All balances of a currency add up to zero."),
        """
        SELECT currency, sum(total) FROM sums a GROUP BY currency HAVING sum(total) <> 0""",
    ),
    Invariant(
        "I2",
        _("No account is below its floor or above its ceiling, and no fund is without a floor."),
        """
        SELECT code, balance, total FROM sums a WHERE balance < floor OR balance > ceiling
        OR kind LIKE 'fund:%' AND (total >= 0 AND floor >= 0 AND tracked) IS NOT TRUE""",
    ),
    Invariant(
        "I3",
        _("Each balance is what its transfers add up to."),
        """
        SELECT code, balance, total FROM sums a WHERE tracked AND balance <> total""",
    ),
    Invariant(
        "I5",
        _("A journal is one act: all its lines are about the same fact."),
        """
        SELECT journal, count(DISTINCT ref) FROM payments_transfer GROUP BY journal HAVING count(DISTINCT ref) > 1""",
    ),
    Invariant(
        "I7",
        _("No transfer is dated in the future."),
        """
        SELECT id, posted_at FROM payments_transfer WHERE posted_at > coop_now()""",
    ),
    Invariant(
        "I8",
        _("A reversal mirrors one transfer."),
        """
        SELECT r.id FROM payments_transfer r LEFT JOIN payments_transfer t ON t.id = r.reverses_id
        WHERE (r.kind = 99) <> (t.id IS NOT NULL)
        OR (r.debit_id, r.credit_id, r.amount) IS DISTINCT FROM (t.credit_id, t.debit_id, t.amount) AND r.kind = 99""",
    ),
    Invariant(
        "I10",
        _("Payouts are whole cents; each has left the member's account once and ended once."),
        """
        SELECT p.id, p.state, t.kinds FROM payments_payout p LEFT JOIN (
            SELECT ref, array_agg(kind::integer ORDER BY kind) AS kinds, min(amount) AS least, max(amount) AS most
            FROM payments_transfer WHERE kind IN (13, 14, 15, 16) GROUP BY ref
        ) t ON t.ref = 'payout:' || p.id
        WHERE p.amount % 10000 <> 0 OR (t.least, t.most) IS DISTINCT FROM (p.amount, p.amount)
        OR NOT CASE p.state WHEN 'settled' THEN t.kinds = '{13,14}'
            WHEN 'failed' THEN t.kinds IN ('{13,15}', '{13,14,16}') ELSE t.kinds = '{13}' END""",
    ),
    Invariant(
        "I11",
        _("What is on its way is the sum of what goes to members and back to clients and nobody has confirmed."),
        """
        SELECT waiting.sum, a.total FROM (
            SELECT currency, sum(amount) AS sum FROM (
                SELECT currency, amount FROM payments_payout WHERE state IN ('requested', 'sending', 'sent')
                UNION ALL SELECT 'USD', amount FROM payments_payback WHERE state IN ('requested', 'sent')
            ) going GROUP BY currency
        ) waiting FULL JOIN (SELECT * FROM sums one WHERE one.code = 'clearing:out') a USING (currency)
        WHERE coalesce(waiting.sum, 0) <> coalesce(a.total, 0)""",
    ),
    Invariant(
        "I12",
        _("A closed quarter holds what it left over, and nothing once that is divided; its fees are closed whole."),
        """
        SELECT a.code, a.total FROM sums a LEFT JOIN payments_close c ON a.code = 'surplus:' || c.period
        LEFT JOIN payments_allocation d ON d.close_id = c.id
        WHERE a.kind = 'surplus'
        AND a.total IS DISTINCT FROM CASE WHEN d.id IS NULL THEN c.income - c.expenses ELSE 0 END
        UNION ALL
        SELECT 'close:' || c.id, c.income - coalesce(sum(t.amount), 0) FROM payments_close c
        LEFT JOIN payments_transfer t ON t.ref = 'close:' || c.id AND t.kind = 20
            AND t.credit_id IN (SELECT id FROM payments_account WHERE kind = 'surplus')
        GROUP BY c.id HAVING c.income <> coalesce(sum(t.amount), 0)""",
    ),
    Invariant(
        "I13",
        _("The parts of a surplus are the whole of it, and each was paid."),
        """
        SELECT d.id, c.income - c.expenses, d.reserve + d.education + d.members + d.interest, shares.sum, moved.sum
        FROM payments_allocation d JOIN payments_close c ON c.id = d.close_id
        CROSS JOIN LATERAL (SELECT coalesce(sum(s.cash + s.capital), 0) AS sum FROM payments_share s
            WHERE s.allocation_id = d.id) shares
        CROSS JOIN LATERAL (SELECT coalesce(sum(i.amount), 0) AS sum FROM payments_interest i
            WHERE i.allocation_id = d.id) interest
        CROSS JOIN LATERAL (SELECT coalesce(sum(t.amount), 0) AS sum FROM payments_transfer t
            WHERE t.ref = 'allocation:' || d.id AND t.kind = 21) moved
        WHERE d.reserve + d.education + d.members + d.interest <> c.income - c.expenses OR shares.sum <> d.members
        OR interest.sum <> d.interest OR moved.sum <> c.income - c.expenses""",
    ),
    Invariant(
        "I14",
        _(
            "Each bank statement was seen by two, follows on the last and is booked as it says; deposits are proved. "
            "What the books hold at the bank is what the last one closed with, with what no line has and what waits for"
            " an officer."
        ),
        f"""
        SELECT 'statement:' || s.id AS code, s.opening AS says, s.before FROM (
            SELECT id, opening, lag(closing) OVER (PARTITION BY split_part(number, '/', 1) ORDER BY id) AS before
            FROM payments_bankstatement
        ) s WHERE s.opening <> s.before
        UNION ALL
        SELECT 'statement:' || s.id, s.closing,
            s.opening + coalesce(sum(CASE WHEN e.incoming THEN e.amount ELSE -e.amount END), 0)
        FROM payments_bankstatement s LEFT JOIN payments_railevent e ON e.statement_id = s.id
        WHERE s.place = 'main' GROUP BY s.id
        HAVING s.closing <> s.opening + coalesce(sum(CASE WHEN e.incoming THEN e.amount ELSE -e.amount END), 0)
        UNION ALL
        SELECT 'statement:' || s.id, s.closing, g.closing FROM payments_bankstatement s
        LEFT JOIN payments_givenstatement g ON g.id = s.given_id AND g.turned_down_by_id IS NULL
            AND (g.place, g.number, g.digest, g.currency, g.opening)
                = (s.place, s.number, s.digest, s.currency, s.opening)
        LEFT JOIN governance_office w ON w.id = g.given_by_id LEFT JOIN governance_office r ON r.id = s.read_by_id
        WHERE s.id >= (SELECT min(o.id) FROM payments_bankstatement o WHERE o.given_id IS NOT NULL)
        AND (s.closing = g.closing AND r.person_id <> w.person_id) IS NOT TRUE
        UNION ALL
        SELECT 'rail_event:' || e.id, e.amount, coalesce(t.amount, 0) FROM payments_railevent e
        LEFT JOIN payments_depositproof f ON f.line_id = e.id
        LEFT JOIN payments_transfer t ON (t.kind, t.ref) IN (
            (1, 'deposit:' || f.deposit_id), (17, 'rail_event:' || e.id),
            (CASE e.outcome WHEN 'settled' THEN 14 WHEN 'failed' THEN 15 WHEN 'returned' THEN 16 END,
                'payout:' || e.payout_id)
        )
        WHERE e.statement_id IS NOT NULL AND t.amount IS DISTINCT FROM e.amount
        AND (f.id IS NOT NULL OR e.outcome IN ('deposit', 'settled', 'failed', 'returned', 'fee'))
        UNION ALL
        SELECT t.ref, t.amount, 0 FROM payments_transfer t
        JOIN payments_deposit d ON t.ref = 'deposit:' || d.id
        WHERE t.kind = 1 AND NOT EXISTS (SELECT FROM payments_depositproof f WHERE f.deposit_id = d.id)
        UNION ALL
        SELECT 'bank:main ' || b.currency, b.closing - b.opening - b.unbooked + b.unshown, b.held
        FROM ({AT_BANK}) b WHERE b.held <> b.closing - b.opening - b.unbooked + b.unshown""",
    ),
    Invariant(
        "I16",
        _("What a week lacked is the sum of its parts, and no deposit holds less than it owes."),
        """
        SELECT 'topup:' || t.id, t.amount, coalesce(sum(p.amount), 0) FROM payments_topup t
        LEFT JOIN payments_topuppart p ON p.topup_id = t.id GROUP BY t.id HAVING t.amount <> coalesce(sum(p.amount), 0)
        UNION ALL
        SELECT a.code, a.balance, owes.sum FROM payments_account a
        CROSS JOIN LATERAL (SELECT payments_deposit_owes(split_part(a.code, ':', 2)::bigint) AS sum) owes
        WHERE a.kind = 'job:floor' AND a.balance < owes.sum""",
    ),
    Invariant(
        "I17",
        _("Pay is kept in US dollars; an exchange is as its member was told, and taken back whole."),
        """
        SELECT a.code, a.total FROM sums a WHERE a.kind = 'member:payable' AND a.currency <> 'USD' AND a.total <> 0
        UNION ALL
        SELECT 'payout:' || p.id, t.sum FROM payments_payout p JOIN payments_exchangequote q ON q.id = p.quote_id
        LEFT JOIN (SELECT ref, sum(amount), count(*) FROM payments_transfer WHERE kind = 23 GROUP BY ref) t
            ON t.ref = 'payout:' || p.id
        CROSS JOIN LATERAL (SELECT CASE WHEN p.state = 'failed' THEN 2 ELSE 1 END AS times) ways
        WHERE (t.sum, t.count) IS DISTINCT FROM ((q.costs + q.arrives) * ways.times, 2 * ways.times)
        OR (q.arrives, q.currency) IS DISTINCT FROM (p.amount, p.currency)""",
    ),
    Invariant(
        "I18",
        _("What a client has paid by card and is not settled is held for it, and the processor owes us the same."),
        """
        SELECT coalesce(said.code, a.code), said.sum, a.total FROM (
            SELECT 'client:' || b.client_id || ':held' AS code, sum(b.amount) AS sum
            FROM payments_cardpayment b JOIN payments_cardevent e ON e.payment_id = b.id AND e.outcome = 'paid'
            WHERE NOT EXISTS (SELECT FROM payments_cardevent f WHERE f.payment_id = b.id AND f.outcome = 'settled')
            GROUP BY b.client_id
        ) said FULL JOIN (SELECT * FROM sums WHERE kind = 'client:held') a ON a.code = said.code
        WHERE coalesce(said.sum, 0) <> coalesce(a.total, 0)
        UNION ALL
        SELECT 'clearing:in', sum(total) FILTER (WHERE kind = 'client:held'),
            sum(total) FILTER (WHERE kind = 'clearing:in')
        FROM sums a WHERE kind IN ('client:held', 'clearing:in') HAVING sum(total) <> 0""",
    ),
    Invariant(
        "I19",
        _("No client who owes has money to spend, and what banks took and gave back is on the books."),
        """
        SELECT a.code, a.total, r.total FROM sums a JOIN sums r ON r.kind = 'client:receivable'
            AND r.currency = a.currency AND split_part(r.code, ':', 2) = split_part(a.code, ':', 2)
        WHERE a.kind = 'client:available' AND a.total > 0 AND r.total < 0
        UNION ALL
        SELECT 'card_event:' || e.id, e.amount, coalesce(t.sum, 0) FROM payments_cardevent e LEFT JOIN (
            SELECT ref, sum(amount) AS sum FROM payments_transfer WHERE kind IN (19, 36) GROUP BY ref
        ) t ON t.ref = 'card_event:' || e.id
        WHERE e.outcome IN ('charged_back', 'won') AND coalesce(t.sum, 0) <> e.amount""",
    ),
    Invariant(
        "I20",
        _("What clients asked back has left their balance once and ended once, and is no more than came in."),
        """
        SELECT b.id, b.state, t.kinds FROM payments_payback b LEFT JOIN (
            SELECT ref, array_agg(kind::integer ORDER BY kind) AS kinds, min(amount) AS least, max(amount) AS most
            FROM payments_transfer WHERE kind IN (43, 44, 45) GROUP BY ref
        ) t ON t.ref = 'payback:' || b.id
        WHERE (t.least, t.most) IS DISTINCT FROM (b.amount, b.amount) OR NOT CASE b.state
            WHEN 'settled' THEN t.kinds = '{43,44}' WHEN 'failed' THEN t.kinds = '{43,45}' ELSE t.kinds = '{43}' END
        UNION ALL
        SELECT d.id, 'deposit', NULL FROM payments_deposit d JOIN payments_payback b ON b.deposit_id = d.id
        WHERE b.state <> 'failed' GROUP BY d.id HAVING sum(b.amount) > d.amount""",
    ),
    Invariant(
        "I21",
        _("What the cooperative moved between two places of its own was moved once, as two officers said."),
        """
        SELECT coalesce('move:' || m.id, t.ref), m.amount, t.sum FROM payments_move m
        LEFT JOIN governance_office w ON w.id = m.noted_by_id LEFT JOIN governance_office r ON r.id = m.confirmed_by_id
        FULL JOIN (
            SELECT t.ref, sum(t.amount) AS sum, min(d.code) AS into_, min(c.code) AS out_of FROM payments_transfer t
            JOIN payments_account d ON d.id = t.debit_id JOIN payments_account c ON c.id = t.credit_id
            WHERE t.kind = 46 GROUP BY t.ref
        ) t ON t.ref = 'move:' || m.id
        WHERE (m.confirmed_at IS NULL) <> (t.ref IS NULL) OR t.ref IS NOT NULL AND (
            t.sum = m.amount AND t.into_ = 'bank:' || m.target AND t.out_of = 'bank:' || m.source
            AND w.person_id <> r.person_id) IS NOT TRUE""",
    ),
    Invariant(
        "I22",
        _(
            "What the books hold at each service is what its last list closed with, with what moved since and what"
            " differs; what differs is recent, or two officers explained it."
        ),
        """
        SELECT 'statement:' || s.id AS code, s.closing AS says, s.opening + coalesce(sum((l ->> 'amount')::numeric), 0)
            * 1000000 AS has
        FROM payments_bankstatement s JOIN payments_givenstatement g ON g.id = s.given_id
        LEFT JOIN LATERAL jsonb_array_elements(g.lines) l ON true WHERE s.place <> 'main' GROUP BY s.id
        HAVING s.closing <> s.opening + coalesce(sum((l ->> 'amount')::numeric), 0) * 1000000
        UNION ALL
        SELECT 'bank:' || place || ' ' || currency, closing + later + differ, held
        FROM payments_beside_lists WHERE held <> closing + later + differ
        UNION ALL
        SELECT 'bank:' || place || ' ' || currency || ' ' || key, said, booked FROM payments_differences WHERE late""",
    ),
)


def broken() -> dict[str, list[tuple[object, ...]]]:
    """Return, for each invariant by name, the rows that break it: empty lists when the books are in order."""
    each = (f"SELECT '{one.name}', row_to_json(found)::text FROM ({one.sql}) found" for one in ALL)
    found: dict[str, list[tuple[object, ...]]] = {one.name: [] for one in ALL}
    with connection.cursor() as cursor:
        cursor.execute(f"WITH sums AS MATERIALIZED ({SUMS}) {' UNION ALL '.join(each)}")
        for name, row in cursor.fetchall():
            # Two columns may have one name.
            found[name].append(tuple(value for _column, value in json.loads(row, object_pairs_hook=list)))
    return found


def checks() -> list[tuple[Invariant, bool]]:
    """Return each invariant with whether it holds now."""
    found = broken()
    return [(invariant, not found[invariant.name]) for invariant in ALL]
