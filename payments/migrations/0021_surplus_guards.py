"""A quarter is closed to the last unit, and its surplus divided as a vote said: exactly, once, by whoever asks."""

from importlib import import_module
from typing import ClassVar

from django.db import migrations

from coop.database import guards

# A surplus never falls below nothing: so no more than there is can be taken out of it.
CHART = import_module("payments.migrations.0004_funds").CHART.replace(
    "        -- Nothing takes money out",
    """        ('member:capital', '^member:[1-9][0-9]*:capital$', 0, NULL, true),
        ('reserve:collective', '^reserve:collective$', 0, NULL, true),
        ('fund:education', '^fund:education$', 0, NULL, true),
        ('surplus', '^surplus:[0-9]{4}-Q[1-4]$', 0, NULL, true),
        ('coop:expense', '^coop:expense:[a-z_]{1,30}$', NULL, 0, true),
        -- Nothing takes money out""",
)
LAST = "(31, 'fund:dispute', 'member:payable', NULL, NULL)"
POSTINGS = import_module("payments.migrations.0015_disputes").POSTINGS.replace(
    LAST,
    f"""{LAST},
        (20, 'coop:fee', 'surplus', NULL, NULL),
        (20, 'surplus', 'coop:expense', NULL, NULL),
        (21, 'surplus', 'reserve:collective', NULL, NULL),
        (21, 'surplus', 'fund:education', NULL, NULL),
        (21, 'surplus', 'member:capital', NULL, NULL),
        (21, 'surplus', 'member:payable', NULL, NULL)""",
)

# A quarter by its name, in UTC; and what fee and expenses come to at its end, with what earlier closes took out.
QUARTERS = """
CREATE FUNCTION public.payments_quarter(period text) RETURNS tstzrange LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, public, pg_temp AS $quarter$
    SELECT tstzrange(first, (first AT TIME ZONE 'UTC' + interval '3 months') AT TIME ZONE 'UTC') FROM (
        SELECT CASE WHEN period ~ '^[1-9][0-9]{3}-Q[1-4]$' THEN
            make_timestamptz(left(period, 4)::integer, 3 * right(period, 1)::integer - 2, 1, 0, 0, 0, 'UTC') END
    ) quarter (first)
$quarter$;

CREATE FUNCTION public.payments_to_close(ends timestamptz) RETURNS TABLE (code text, amount bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $closing$
    SELECT a.code, sum(CASE WHEN t.credit_id = a.id THEN t.amount ELSE -t.amount END)::bigint
    FROM public.payments_account a JOIN public.payments_transfer t ON a.id IN (t.credit_id, t.debit_id)
    WHERE a.kind IN ('coop:fee', 'coop:expense') AND a.currency = 'USD' AND (t.posted_at < ends OR t.kind = 20)
    GROUP BY a.code
    HAVING sum(CASE WHEN t.credit_id = a.id THEN t.amount ELSE -t.amount END) <> 0
$closing$;
"""

# Largest remainder: everybody's floor, then one unit each to the largest fractions; whole numbers, so the sum is exact.
DIVISION = """
CREATE FUNCTION public.payments_divided(pool bigint, weights bigint[]) RETURNS TABLE (place bigint, amount bigint)
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, public, pg_temp AS $divided$
    WITH weight AS MATERIALIZED (
        SELECT w.place, div(pool::numeric * w.weight, s.total)::bigint AS whole,
            pool::numeric * w.weight % s.total AS rest
        FROM unnest(weights) WITH ORDINALITY AS w(weight, place),
            (SELECT sum(one) AS total FROM unnest(weights) one) s WHERE s.total > 0
    )
    SELECT w.place, w.whole + (row_number() OVER (ORDER BY w.rest DESC, w.place) <= pool - s.given)::integer
    FROM weight w, (SELECT sum(whole) AS given FROM weight) s
$divided$;

-- What each member's work of a quarter was paid: wages, onboarding, panels, looks, and the pay of who was paused.
CREATE FUNCTION public.payments_worked(period text) RETURNS TABLE (person_id bigint, worked bigint, stays boolean)
LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $worked$
    WITH quarter AS (
        SELECT lower(q) AS first, upper(q) AS after FROM public.payments_quarter(period) q
    ), paid AS (
        SELECT split_part(c.code, ':', 2)::bigint AS person_id, sum(t.amount)::bigint AS worked
        FROM quarter q JOIN public.payments_transfer t ON t.posted_at >= q.first AND t.posted_at < q.after
        JOIN public.payments_account c ON c.id = t.credit_id AND c.kind = 'member:payable' AND c.currency = 'USD'
        WHERE t.kind IN (5, 10, 24, 26, 28, 31) GROUP BY c.code
    ), standing AS (
        SELECT s.person_id, s.status, s.since, lead(s.since) OVER one AS until, lead(s.id) OVER one IS NULL AS latest
        FROM public.governance_standing s WINDOW one AS (PARTITION BY s.person_id ORDER BY s.id)
    )
    SELECT p.person_id, p.worked, bool_or(s.latest AND s.status NOT IN ('left', 'expelled'))
    FROM paid p JOIN standing s ON s.person_id = p.person_id CROSS JOIN quarter q
    GROUP BY p.person_id, p.worked
    HAVING bool_or(s.status = 'member' AND s.since < q.after AND coalesce(s.until > q.first, true))
$worked$;

-- Each one's part: `cash_share` of it (in basis points, rounded up) at once, the rest as capital. Who has left, all.
CREATE FUNCTION public.payments_shares(period text, pool bigint, cash_share bigint)
RETURNS TABLE (person_id bigint, worked bigint, cash bigint, capital bigint)
LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $shares$
    WITH worked AS MATERIALIZED (
        SELECT w.*, row_number() OVER (ORDER BY w.person_id) AS place FROM public.payments_worked(period) w
    ), part AS (
        SELECT w.person_id, w.worked, d.amount,
            CASE WHEN w.stays THEN div(d.amount::numeric * cash_share + 9999, 10000)::bigint ELSE d.amount END AS cash
        FROM public.payments_divided(pool, ARRAY(SELECT x.worked FROM worked x ORDER BY x.place)) d
        JOIN worked w ON w.place = d.place WHERE d.amount > 0
    )
    SELECT p.person_id, p.worked, p.cash, p.amount - p.cash FROM part p
$shares$;

-- The three parts of a surplus; what is for the members goes to the reserve where nobody worked.
CREATE FUNCTION public.payments_parts(period text, surplus bigint, said jsonb)
RETURNS TABLE (reserve bigint, education bigint, members bigint)
LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $parts$
    SELECT part[1] + CASE WHEN somebody THEN 0 ELSE part[3] END, part[2], CASE WHEN somebody THEN part[3] ELSE 0 END
    FROM (SELECT ARRAY(SELECT d.amount FROM public.payments_divided(surplus, ARRAY[(said ->> 'reserve')::bigint,
            (said ->> 'education')::bigint, (said ->> 'members')::bigint]) d ORDER BY d.place) AS part,
        EXISTS (SELECT FROM public.payments_worked(period)) AS somebody) divided
$parts$;
"""

# What a vote on a surplus may say: all of it, in basis points; a fifth of the members' part at least is paid at once.
SAYABLE = """
CREATE FUNCTION public.payments_surplus_can_say(said jsonb) RETURNS boolean LANGUAGE sql STABLE
SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $sayable$
    SELECT (public.payments_named(said, 'key', 'reserve', 'education', 'members', 'cash', 'replaces')
        AND jsonb_typeof(said -> 'key') = 'string' AND said ->> 'key' ~ '^quarter:[0-9]{4}-Q[1-4]$'
        AND said -> 'replaces' = '0' AND public.payments_whole(said, 'reserve', 0, 10000)
        AND public.payments_whole(said, 'education', 0, 10000) AND public.payments_whole(said, 'members', 0, 10000)
        AND public.payments_whole(said, 'cash', 2000, 10000)
        AND (said ->> 'reserve')::integer + (said ->> 'education')::integer + (said ->> 'members')::integer = 10000
    ) IS TRUE
$sayable$;

CREATE FUNCTION public.payments_surplus_open(said jsonb) RETURNS boolean LANGUAGE sql STABLE
SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $open$
    SELECT public.payments_surplus_can_say(said) AND EXISTS (
        SELECT FROM public.payments_close c WHERE 'quarter:' || c.period = said ->> 'key' AND c.income > c.expenses
        AND NOT EXISTS (SELECT FROM public.payments_allocation a WHERE a.close_id = c.id))
$open$;

CREATE FUNCTION public.payments_surplus_impact(said jsonb) RETURNS jsonb LANGUAGE sql STABLE
SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $impact$
    SELECT jsonb_build_object('surplus', public.payments_plain(c.income - c.expenses),
        'reserve', public.payments_plain(p.reserve), 'education', public.payments_plain(p.education),
        'members', public.payments_plain(p.members)) || (
        SELECT jsonb_build_object('people', count(*), 'cash', public.payments_plain(coalesce(sum(s.cash), 0)),
            'capital', public.payments_plain(coalesce(sum(s.capital), 0)),
            'quarters', CASE WHEN count(*) >= 10 THEN jsonb_build_array(
                public.payments_plain(percentile_disc(0.25) WITHIN GROUP (ORDER BY s.cash + s.capital)),
                public.payments_plain(percentile_disc(0.5) WITHIN GROUP (ORDER BY s.cash + s.capital)),
                public.payments_plain(percentile_disc(0.75) WITHIN GROUP (ORDER BY s.cash + s.capital)))
                ELSE '[]' END)
        FROM public.payments_shares(c.period, p.members, (said ->> 'cash')::bigint) s)
    FROM public.payments_close c, public.payments_parts(c.period, c.income - c.expenses, said) p
    WHERE 'quarter:' || c.period = said ->> 'key'
$impact$;

-- What would be one person's: cash and capital.
CREATE FUNCTION public.payments_surplus_of(said jsonb, person bigint) RETURNS TABLE (cash bigint, capital bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $mine$
    SELECT s.cash, s.capital
    FROM public.payments_close c, public.payments_parts(c.period, c.income - c.expenses, said) p,
        public.payments_shares(c.period, p.members, (said ->> 'cash')::bigint) s
    WHERE 'quarter:' || c.period = said ->> 'key' AND s.person_id = person
$mine$;

-- Where the money of a divided surplus goes, account by account.
CREATE FUNCTION public.payments_allocation_lines(divided bigint) RETURNS TABLE (code text, amount bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $lines$
    SELECT line.code, line.amount FROM (
        SELECT 'reserve:collective' AS code, a.reserve AS amount FROM public.payments_allocation a WHERE a.id = divided
        UNION ALL SELECT 'fund:education', a.education FROM public.payments_allocation a WHERE a.id = divided
        UNION ALL SELECT 'member:' || s.person_id || ':payable', s.cash FROM public.payments_share s
        WHERE s.allocation_id = divided
        UNION ALL SELECT 'member:' || s.person_id || ':capital', s.capital FROM public.payments_share s
        WHERE s.allocation_id = divided
    ) line WHERE line.amount > 0
$lines$;
"""

NOT_YET = "A quarter is closed once, in its turn, an hour after it is over."
CLOSING = f"""
    {guards.in_the_present("close_is_of_a_quarter_that_is_over")}
    -- One close at a time: each begins where the last one ended.
    PERFORM FROM public.governance_mandate WHERE proposal_id IS NULL FOR NO KEY UPDATE;
    quarter := public.payments_quarter(NEW.period);
    begins := coalesce((SELECT max(c.ends_at) FROM public.payments_close c),
        (SELECT date_trunc('quarter', min(first.posted_at), 'UTC') FROM (
            SELECT t.posted_at FROM public.payments_transfer t ORDER BY t.id LIMIT 1) first));
    NEW.at := public.coop_now();
    IF (lower(quarter) = begins AND upper(quarter) + interval '1 hour' <= NEW.at) IS NOT TRUE THEN
        {guards.refuse("close_is_of_a_quarter_that_is_over", NOT_YET)}
    END IF;
    NEW.ends_at := upper(quarter);
    SELECT coalesce(sum(t.amount) FILTER (WHERE t.code = 'coop:fee'), 0),
        coalesce(-sum(t.amount) FILTER (WHERE t.code <> 'coop:fee'), 0) INTO NEW.income, NEW.expenses
    FROM public.payments_to_close(NEW.ends_at) t;
    RETURN NEW;
"""

OTHERWISE = "A surplus is divided by the mandate of a vote on it (N11), once, exactly as voted."
DIVIDING = f"""
    {guards.in_the_present("surplus_is_divided_as_voted")}
    SELECT c.period, c.income - c.expenses AS surplus INTO closed FROM public.payments_close c
        WHERE c.id = NEW.close_id;
    SELECT p.payload::jsonb INTO said FROM public.governance_mandate m
        JOIN public.governance_proposal p ON p.id = m.proposal_id JOIN public.governance_rule r ON r.id = p.rule_id
        WHERE m.id = NEW.mandate_id AND p.policy = 'surplus' AND p.payload IS JSON OBJECT WITH UNIQUE KEYS
        AND public.payments_suffices(r.key, 'N11')
        AND m.due_at <= public.coop_now() AND public.coop_now() < m.expires_at;
    IF (said ->> 'key' = 'quarter:' || closed.period AND public.payments_surplus_open(said)) IS NOT TRUE THEN
        {guards.refuse("surplus_is_divided_as_voted", OTHERWISE)}
    END IF;
    SELECT p.reserve, p.education, p.members INTO NEW.reserve, NEW.education, NEW.members
        FROM public.payments_parts(closed.period, closed.surplus, said) p;
    NEW.at := public.coop_now();
    RETURN NEW;
"""

DEFERRED = """
CREATE FUNCTION public.guard_{name}() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $guard$
BEGIN
    IF ({holds}) IS NOT TRUE THEN
        {refuse}
    END IF;
    RETURN NULL;
END $guard$;
CREATE CONSTRAINT TRIGGER {name} AFTER INSERT ON public.{table}
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.guard_{name}();
ALTER TABLE public.{table} ENABLE ALWAYS TRIGGER {name};
"""
POSTED = """
CREATE FUNCTION public.guard_{name}() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $guard$
BEGIN
    IF EXISTS ({wrong}) THEN
        {refuse}
    END IF;
    RETURN NULL;
END $guard$;
CREATE TRIGGER {name} AFTER INSERT ON public.payments_transfer
    REFERENCING NEW TABLE AS posted FOR EACH STATEMENT EXECUTE FUNCTION public.guard_{name}();
ALTER TABLE public.payments_transfer ENABLE ALWAYS TRIGGER {name};
"""


def deferred(name: str, table: str, holds: str, otherwise: str) -> str:
    """Return a guard that looks at the end of the transaction, as the postings name the row."""
    return DEFERRED.format(name=name, table=table, holds=holds, refuse=guards.refuse(name, otherwise))


def posted(name: str, wrong: str, otherwise: str) -> str:
    """Return a guard over all transfers of a statement: none of them may be `wrong`."""
    return POSTED.format(name=name, wrong=wrong, refuse=guards.refuse(name, otherwise))


# All that was ever posted about the closes of this statement; in one statement each, so that sums are whole.
CLOSES_MOVE = """
        SELECT FROM (
            SELECT p.ref FROM posted p WHERE p.kind = 20 GROUP BY p.ref
        ) about LEFT JOIN public.payments_close c ON about.ref = 'close:' || c.id
        CROSS JOIN LATERAL (
            SELECT coalesce(sum(t.amount) FILTER (WHERE into_.code = 'surplus:' || c.period), 0) AS income,
                coalesce(sum(t.amount) FILTER (WHERE from_.code = 'surplus:' || c.period), 0) AS expenses,
                bool_and('surplus:' || c.period IN (into_.code, from_.code)) AS its_own
            FROM public.payments_transfer t JOIN public.payments_account into_ ON into_.id = t.credit_id
            JOIN public.payments_account from_ ON from_.id = t.debit_id WHERE t.ref = about.ref AND t.kind = 20
        ) moved
        WHERE (moved.its_own AND moved.income = c.income AND moved.expenses = c.expenses) IS NOT TRUE
"""
ALLOCATIONS_PAY = """
        SELECT FROM posted p JOIN public.payments_account d ON d.id = p.debit_id
        JOIN public.payments_account c ON c.id = p.credit_id
        LEFT JOIN public.payments_allocation a ON p.ref = 'allocation:' || a.id
        LEFT JOIN public.payments_close q ON q.id = a.close_id
        LEFT JOIN public.payments_share s ON s.allocation_id = a.id
            AND s.person_id = CASE WHEN c.code ~ '^member:' THEN split_part(c.code, ':', 2)::bigint END
        WHERE p.kind = 21 AND (d.code = 'surplus:' || q.period AND c.currency = 'USD' AND p.amount = CASE c.kind
            WHEN 'reserve:collective' THEN a.reserve WHEN 'fund:education' THEN a.education
            WHEN 'member:payable' THEN s.cash WHEN 'member:capital' THEN s.capital END) IS NOT TRUE
"""
DIVIDE = """
CREATE FUNCTION public.payments_write_shares() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $write$
BEGIN
    INSERT INTO public.payments_share (allocation_id, person_id, worked, cash, capital)
    SELECT NEW.id, s.person_id, s.worked, s.cash, s.capital
    FROM public.payments_close c, public.governance_mandate m JOIN public.governance_proposal p ON p.id = m.proposal_id,
        public.payments_shares(c.period, NEW.members, (p.payload::jsonb ->> 'cash')::bigint) s
    WHERE c.id = NEW.close_id AND m.id = NEW.mandate_id ORDER BY s.person_id;
    RETURN NULL;
END $write$;
CREATE TRIGGER shares_are_written AFTER INSERT ON public.payments_allocation
    FOR EACH ROW EXECUTE FUNCTION public.payments_write_shares();
ALTER TABLE public.payments_allocation ENABLE ALWAYS TRIGGER shares_are_written;
"""

VOTED = f"""
    IF OLD.published_at IS NOT NULL OR NEW.published_at IS NULL OR NEW.policy <> 'surplus' THEN
        RETURN NEW;
    END IF;
    {guards.in_the_present("a_surplus_is_voted_by_its_rule")}
    IF (NEW.payload IS JSON OBJECT WITH UNIQUE KEYS AND NEW.subject = 'everybody'
        AND public.payments_surplus_open(NEW.payload::jsonb)
        AND public.payments_suffices((SELECT r.key FROM public.governance_rule r WHERE r.id = NEW.rule_id), 'N11')
    ) IS NOT TRUE THEN
        {
    guards.refuse(
        "a_surplus_is_voted_by_its_rule",
        "A vote divides all of a closed quarter's surplus, by N11; a fifth of the members' part at least is paid out.",
    )
}
    END IF;
    NEW.impact := public.payments_canonical(public.payments_surplus_impact(NEW.payload::jsonb));
    RETURN NEW;
"""
CARRIED_OUT = """(
    SELECT p.policy <> 'surplus' OR CASE WHEN NEW.failure = ''
        THEN EXISTS (SELECT FROM public.payments_allocation a WHERE a.mandate_id = m.id)
        ELSE NOT public.payments_surplus_open(p.payload::jsonb) END
    FROM public.governance_mandate m JOIN public.governance_proposal p ON p.id = m.proposal_id
    WHERE m.id = NEW.mandate_id
)"""


class Migration(migrations.Migration):
    """Open the accounts, let the kinds 20 and 21 move between them, and watch both."""

    dependencies: ClassVar = [("payments", "0020_surplus")]
    operations: ClassVar = [
        *(migrations.RunSQL(sql) for sql in (CHART, POSTINGS, QUARTERS, DIVISION, SAYABLE)),
        guards.Procedure(
            "close_is_of_a_quarter_that_is_over",
            table="payments_close",
            declare="quarter tstzrange; begins timestamptz;",
            body=CLOSING,
            definer=True,
        ),
        guards.AppendOnly("payments_close", otherwise="A closed quarter stays closed."),
        guards.Grant("payments_close", "SELECT", "INSERT"),
        migrations.RunSQL(
            deferred(
                "close_leaves_nothing",
                "payments_close",
                "NOT EXISTS (SELECT FROM public.payments_to_close(NEW.ends_at))",
                "A quarter that is closed leaves nothing in fees and expenses.",
            )
        ),
        migrations.RunSQL(
            posted("closes_move_what_was_closed", CLOSES_MOVE, "Fees and expenses are closed as a close says, at once.")
        ),
        guards.Procedure(
            "surplus_is_divided_as_voted",
            table="payments_allocation",
            declare="closed record; said jsonb;",
            body=DIVIDING,
            definer=True,
        ),
        guards.AppendOnly("payments_allocation", otherwise="A surplus that was divided stays divided."),
        guards.Grant("payments_allocation", "SELECT", "INSERT"),
        guards.AppendOnly("payments_share", otherwise="What was somebody's share stays theirs."),
        guards.Grant("payments_share", "SELECT"),
        migrations.RunSQL(DIVIDE),
        migrations.RunSQL(
            deferred(
                "surplus_is_divided_to_the_last",
                "payments_allocation",
                "(SELECT s.balance = 0 FROM public.payments_account s JOIN public.payments_close c"
                " ON s.code = 'surplus:' || c.period WHERE c.id = NEW.close_id AND s.currency = 'USD')",
                "A surplus is divided to the last unit.",
            )
        ),
        migrations.RunSQL(
            posted("surplus_goes_where_it_was_voted", ALLOCATIONS_PAY, "A surplus goes only where it was voted to go.")
        ),
        # Its name comes before `proposal_stands_once_published`, which makes the digest.
        guards.Procedure(
            "a_surplus_is_voted_by_its_rule",
            table="governance_proposal",
            on="UPDATE",
            body=VOTED,
            definer=True,
        ),
        guards.Guard(
            "enactment_divided_the_surplus",
            table="governance_enactment",
            holds=CARRIED_OUT,
            otherwise="A vote on a surplus is carried out by dividing it, and fails only when that was done before.",
            definer=True,
        ),
        guards.Allow("payments_to_close(timestamptz)"),
        guards.Allow("payments_surplus_can_say(jsonb)"),
        guards.Allow("payments_surplus_open(jsonb)"),
        guards.Allow("payments_surplus_impact(jsonb)"),
        guards.Allow("payments_surplus_of(jsonb, bigint)"),
        guards.Allow("payments_allocation_lines(bigint)"),
    ]
