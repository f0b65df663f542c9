"""The house spends what the members voted, on what they voted, and never more than its fees of the quarter."""

from importlib import import_module
from typing import ClassVar

from django.db import migrations

from coop.database import guards

SURPLUS = import_module("payments.migrations.0021_surplus_guards")
BOOKS = import_module("payments.migrations.0002_guards")
LAST = "(22, 'member:capital', 'member:payable', 2, 2)"
POSTINGS = import_module("payments.migrations.0026_capital").POSTINGS.replace(
    LAST,
    f"""{LAST},
        (17, 'coop:expense', 'bank:main', NULL, NULL),
        (32, 'reserve:collective', 'fund:training', NULL, NULL),
        (32, 'reserve:collective', 'fund:hearing', NULL, NULL),
        (32, 'reserve:collective', 'fund:dispute', NULL, NULL),
        (32, 'reserve:collective', 'fund:care', NULL, NULL)""",
)
MOST = 1_000_000_000_000  # a million dollars, in micro-units: what a vote may name for one purpose
NAMES = ("hosting", "banks", "advice", "training", "hearing", "dispute", "care")
LISTED = ", ".join(f"'{name}'" for name in NAMES)

PERIODS = """
CREATE FUNCTION public.payments_period_of(moment timestamptz) RETURNS text LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, public, pg_temp AS $period$
    SELECT to_char(moment AT TIME ZONE 'UTC', 'YYYY"-Q"Q')
$period$;
"""
SAYABLE = f"""
CREATE FUNCTION public.payments_budget_open(said jsonb) RETURNS boolean LANGUAGE sql STABLE
SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $open$
    SELECT (public.payments_named(said, 'key', 'replaces', {LISTED})
        AND jsonb_typeof(said -> 'key') = 'string' AND public.payments_whole(said, 'replaces', 0, 1000)
        AND (SELECT bool_and(public.payments_whole(said, named, 0, {MOST})) FROM unnest(ARRAY[{LISTED}]) named)
        AND upper(public.payments_quarter(substr(said ->> 'key', 9))) > public.coop_now()
        AND said ->> 'key' = 'quarter:' || substr(said ->> 'key', 9)
        AND (said ->> 'replaces')::integer = (SELECT coalesce(max(b.version), 0) FROM public.payments_budget b
            WHERE 'quarter:' || b.period = said ->> 'key')) IS TRUE
$open$;

CREATE FUNCTION public.payments_reserve() RETURNS bigint LANGUAGE sql STABLE
SET search_path = pg_catalog, public, pg_temp AS $reserve$
    SELECT coalesce((SELECT a.balance FROM public.payments_account a
        WHERE a.code = 'reserve:collective' AND a.currency = 'USD'), 0)
$reserve$;

CREATE FUNCTION public.payments_filled(said jsonb) RETURNS bigint LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, public, pg_temp AS $filled$
    SELECT (said ->> 'training')::bigint + (said ->> 'hearing')::bigint + (said ->> 'dispute')::bigint
        + (said ->> 'care')::bigint
$filled$;

CREATE FUNCTION public.payments_budget_impact(said jsonb) RETURNS jsonb LANGUAGE sql STABLE
SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $impact$
    SELECT jsonb_build_object('spent_at_most', public.payments_plain((said ->> 'hosting')::bigint
            + (said ->> 'banks')::bigint + (said ->> 'advice')::bigint),
        'from_reserve', public.payments_plain(public.payments_filled(said)),
        'reserve', public.payments_plain(public.payments_reserve()),
        'last_income', (SELECT public.payments_plain(c.income) FROM public.payments_close c
            ORDER BY c.ends_at DESC LIMIT 1))
$impact$;

-- What of a quarter's fees nobody has spent yet.
CREATE FUNCTION public.payments_unspent(quarter tstzrange) RETURNS bigint LANGUAGE sql STABLE
SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $unspent$
    SELECT coalesce(sum(CASE t.kind WHEN 6 THEN t.amount ELSE -t.amount END), 0)::bigint
    FROM public.payments_transfer t
    WHERE t.kind IN (6, 17) AND t.posted_at >= lower(quarter) AND t.posted_at < upper(quarter)
$unspent$;
"""

BUDGET = f"""
    {guards.in_the_present("budget_is_what_the_vote_said")}
    SELECT p.payload::jsonb INTO said FROM public.governance_mandate m
        JOIN public.governance_proposal p ON p.id = m.proposal_id JOIN public.governance_rule r ON r.id = p.rule_id
        WHERE m.id = NEW.mandate_id AND p.policy = 'budget' AND p.payload IS JSON OBJECT WITH UNIQUE KEYS
        AND public.payments_suffices(r.key, 'N11')
        AND m.due_at <= public.coop_now() AND public.coop_now() < m.expires_at;
    IF (said = jsonb_build_object('key', 'quarter:' || NEW.period, 'replaces', NEW.version - 1,
            {", ".join(f"'{name}', NEW.{name}" for name in NAMES)})
        AND public.payments_budget_open(said)) IS NOT TRUE THEN
        {
    guards.refuse(
        "budget_is_what_the_vote_said", "A budget is what a vote on it said (N11), before its quarter is over."
    )
}
    END IF;
    NEW.at := public.coop_now();
    RETURN NEW;
"""
FILLS = """
        SELECT FROM posted p JOIN public.payments_account c ON c.id = p.credit_id
        LEFT JOIN public.payments_budget b ON p.ref = 'budget:' || b.id
        WHERE p.kind = 32 AND (c.currency = 'USD' AND p.amount = CASE c.kind WHEN 'fund:training' THEN b.training
            WHEN 'fund:hearing' THEN b.hearing WHEN 'fund:dispute' THEN b.dispute WHEN 'fund:care' THEN b.care END
        ) IS NOT TRUE
"""
FILLED = """(SELECT coalesce(sum(t.amount), 0) = NEW.training + NEW.hearing + NEW.dispute + NEW.care
            FROM public.payments_transfer t WHERE t.ref = 'budget:' || NEW.id AND t.kind = 32)"""

OVER = "What the house spends stays within the budget that the members voted, and within the quarter's fees (N11)."
PAYING = f"""
    {guards.in_the_present("house_spends_what_was_voted")}
    -- One at a time, as each leaves less for the next; closing a quarter waits too.
    PERFORM FROM public.governance_mandate WHERE proposal_id IS NULL FOR NO KEY UPDATE;
    NEW.at := public.coop_now();
    NEW.period := public.payments_period_of(NEW.at);
    SELECT * INTO bill FROM public.payments_expense e WHERE e.id = NEW.expense_id;
    SELECT (to_jsonb(b) ->> bill.purpose)::bigint INTO voted FROM public.payments_budget b
        WHERE b.period = NEW.period ORDER BY b.version DESC LIMIT 1;
    SELECT coalesce(sum(e.amount), 0) INTO spent FROM public.payments_outlay o
        JOIN public.payments_expense e ON e.id = o.expense_id
        WHERE o.period = NEW.period AND e.purpose = bill.purpose;
    IF (spent + bill.amount <= voted
        AND bill.amount <= public.payments_unspent(public.payments_quarter(NEW.period))) IS NOT TRUE THEN
        {guards.refuse("house_spends_what_was_voted", OVER)}
    END IF;
    RETURN NEW;
"""
EXPENSES_PAID = """
        SELECT FROM posted p JOIN public.payments_account d ON d.id = p.debit_id
        LEFT JOIN public.payments_expense e ON p.ref = 'expense:' || e.id
        LEFT JOIN public.payments_outlay o ON o.expense_id = e.id
        WHERE p.kind = 17 AND (o.id IS NOT NULL AND p.amount = e.amount AND d.currency = 'USD'
            AND d.code = 'coop:expense:' || e.purpose) IS NOT TRUE
"""
VOTED = f"""
    IF OLD.published_at IS NOT NULL OR NEW.published_at IS NULL OR NEW.policy <> 'budget' THEN
        RETURN NEW;
    END IF;
    {guards.in_the_present("a_budget_is_voted_by_its_rule")}
    IF (NEW.payload IS JSON OBJECT WITH UNIQUE KEYS AND NEW.subject = 'everybody'
        AND public.payments_budget_open(NEW.payload::jsonb)
        AND public.payments_suffices((SELECT r.key FROM public.governance_rule r WHERE r.id = NEW.rule_id), 'N11')
    ) IS NOT TRUE THEN
        {guards.refuse("a_budget_is_voted_by_its_rule", "A vote on a quarter's budget names every purpose, by N11.")}
    END IF;
    NEW.impact := public.payments_canonical(public.payments_budget_impact(NEW.payload::jsonb));
    RETURN NEW;
"""
CARRIED_OUT = """(
    SELECT p.policy <> 'budget' OR CASE WHEN NEW.failure = ''
        THEN EXISTS (SELECT FROM public.payments_budget b WHERE b.mandate_id = m.id)
        ELSE NOT public.payments_budget_open(p.payload::jsonb)
            OR public.payments_filled(p.payload::jsonb) > public.payments_reserve() END
    FROM public.governance_mandate m JOIN public.governance_proposal p ON p.id = m.proposal_id
    WHERE m.id = NEW.mandate_id
)"""


class Migration(migrations.Migration):
    """Let the kinds 17 and 32 move money, by a budget alone."""

    dependencies: ClassVar = [("payments", "0027_budgets")]
    operations: ClassVar = [
        *(migrations.RunSQL(sql) for sql in (POSTINGS, PERIODS, SAYABLE)),
        guards.Procedure(
            "budget_is_what_the_vote_said", table="payments_budget", declare="said jsonb;", body=BUDGET, definer=True
        ),
        guards.AppendOnly("payments_budget", otherwise="A budget is replaced by a later vote, never rewritten."),
        guards.Grant("payments_budget", "SELECT", "INSERT"),
        migrations.RunSQL(
            SURPLUS.posted("funds_are_filled_as_voted", FILLS, "The reserve fills funds only as a budget says.")
        ),
        migrations.RunSQL(
            SURPLUS.deferred(
                "budget_fills_its_funds", "payments_budget", FILLED, "A budget fills its funds when it takes effect."
            )
        ),
        guards.Guard(
            "expenses_are_asked_for_in_office",
            table="payments_expense",
            holds=f"isfinite(NEW.at) AND {BOOKS.in_office('NEW.asked_by_id')}",
            otherwise="Bills are put forward by the treasurer or the secretary.",
            definer=True,
        ),
        guards.AppendOnly("payments_expense", otherwise="A bill stands as it was put forward."),
        guards.Grant("payments_expense", "SELECT", "INSERT"),
        guards.Guard(
            "expenses_go_by_two_officers",
            table="payments_outlay",
            holds=BOOKS.in_office(
                "NEW.paid_by_id",
                "NEW.reference ~ '[^[:space:]]' AND o.person_id <> (SELECT a.person_id FROM public.payments_expense e"
                " JOIN public.governance_office a ON a.id = e.asked_by_id WHERE e.id = NEW.expense_id)",
            ),
            otherwise="A bill is paid by another officer than the one who put it forward.",
            definer=True,
        ),
        guards.Procedure(
            "house_spends_what_was_voted",
            table="payments_outlay",
            declare="bill public.payments_expense; voted bigint; spent bigint;",
            body=PAYING,
            definer=True,
        ),
        guards.AppendOnly("payments_outlay", otherwise="What was paid stays on the books."),
        guards.Grant("payments_outlay", "SELECT", "INSERT"),
        migrations.RunSQL(
            SURPLUS.posted("bills_are_paid_as_put_forward", EXPENSES_PAID, "The house pays bills as two officers say.")
        ),
        migrations.RunSQL(
            SURPLUS.deferred(
                "outlay_is_posted",
                "payments_outlay",
                "EXISTS (SELECT FROM public.payments_transfer t"
                " WHERE t.ref = 'expense:' || NEW.expense_id AND t.kind = 17)",
                "What is written down as paid is posted in the same act.",
            )
        ),
        # Its name comes before `proposal_stands_once_published`, which makes the digest.
        guards.Procedure(
            "a_budget_is_voted_by_its_rule", table="governance_proposal", on="UPDATE", body=VOTED, definer=True
        ),
        guards.Guard(
            "enactment_wrote_the_budget",
            table="governance_enactment",
            holds=CARRIED_OUT,
            otherwise="A vote on a budget is carried out by it, and fails only when it cannot be.",
            definer=True,
        ),
        guards.Allow("payments_budget_open(jsonb)"),
        guards.Allow("payments_budget_impact(jsonb)"),
        guards.Allow("payments_unspent(tstzrange)"),
        guards.Allow("payments_quarter(text)"),
    ]
