"""Exchange happens on the way out alone, as its person was told, of money that was bought before (kind 23)."""

from importlib import import_module
from typing import ClassVar

from django.db import migrations

from coop.database import guards

SURPLUS = import_module("payments.migrations.0021_surplus_guards")
CHECKING = import_module("payments.migrations.0024_checking")
FLOORS = import_module("payments.migrations.0041_floor_deposits_guards")
LEFT = import_module("payments.migrations.0037_who_left_is_paid")
in_office = import_module("payments.migrations.0009_offices").in_office
changed = CHECKING.changed

FUND = "        ('fund:floor', '^fund:floor$', 0, NULL, true),\n"
CHART = changed(FLOORS.CHART, (FUND, f"{FUND}        ('fx', '^fx:[A-Z]{{3}}$', NULL, NULL, true),\n"))
LAST = "(11, 'fund:floor', 'member:payable', NULL, NULL)"
POSTINGS = changed(
    FLOORS.POSTINGS,
    (
        LAST,
        f"""{LAST},
        (23, 'member:payable', 'fx', NULL, NULL),
        (23, 'fx', 'member:payable', NULL, NULL),
        (23, 'bank:main', 'fx', NULL, NULL),
        (23, 'fx', 'bank:main', NULL, NULL)""",
    ),
)
# A way can be voted open from now on; none is by this.
HOLDS = changed(FLOORS.SAYS, ("'rail:stripe')", "'rail:stripe', 'rail:mpesa')"))

# In micro-units and whole numbers throughout, so that nothing is lost or made by rounding: what arrives is floored to
# `unit`, what it costs is the least that is worth it, so what stays with the member is worth less than one unit.
EXCHANGED = """
CREATE FUNCTION public.payments_exchanged(asked bigint, rate numeric, unit bigint)
RETURNS TABLE (arrives bigint, costs bigint) LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, public, pg_temp AS $exchanged$
    SELECT whole::bigint, div(whole * 100000000 + scaled - 1, scaled)::bigint
    FROM (SELECT div(asked * rate, unit) * unit AS whole, rate * 100000000 AS scaled) it
$exchanged$;

-- The least that each way can pay, in micro-units of the currency; null where it does not pay in it.
CREATE FUNCTION public.payments_unit(rail text, currency text) RETURNS bigint LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, public, pg_temp AS $unit$
    SELECT CASE WHEN rail = 'mpesa' AND currency = 'KES' THEN 1000000 END::bigint
$unit$;

-- What one US dollar was bought for the last time, floored to eight places.
CREATE FUNCTION public.payments_bought_at(wanted text) RETURNS TABLE (source text, rate numeric) LANGUAGE sql STABLE
SET search_path = pg_catalog, public, pg_temp AS $bought$
    SELECT 'purchase:' || p.id, div(p.bought::numeric * 100000000, p.paid) / 100000000
    FROM public.payments_purchase p WHERE p.currency = wanted AND p.confirmed_at IS NOT NULL
    ORDER BY p.confirmed_at DESC, p.id DESC LIMIT 1
$bought$;

CREATE FUNCTION public.payments_rate_stands(rail text, wanted text, said numeric, source text) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $stands$
    SELECT CASE rail WHEN 'mpesa' THEN
        EXISTS (SELECT FROM public.payments_bought_at(wanted) b WHERE b.rate = said AND b.source = $4)
    END
$stands$;

-- What is held of a currency and promised to nobody, in micro-units.
CREATE FUNCTION public.payments_held(wanted text) RETURNS bigint LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $held$
    SELECT coalesce(-sum(a.balance), 0)::bigint FROM public.payments_account a
    WHERE a.currency = wanted AND a.code IN ('bank:main', 'clearing:out')
$held$;
"""

AS_TOLD = "An exchange is as its person was told, within 30 minutes, once."
QUOTED = f"""
    {guards.in_the_present("quotes_are_worked_out")}
    NEW.made_at := public.coop_now();
    NEW.expires_at := NEW.made_at + interval '30 minutes';
    SELECT it.arrives, it.costs INTO NEW.arrives, NEW.costs FROM public.payments_exchanged(
        NEW.asked, NEW.rate, public.payments_unit(NEW.rail, NEW.currency)) it;
    IF (NEW.arrives > 0 AND public.payments_rate_stands(NEW.rail, NEW.currency, NEW.rate, NEW.source)) IS NOT TRUE THEN
        {guards.refuse("quotes_are_worked_out", "An exchange is told at the price that the money was bought for.")}
    END IF;
    RETURN NEW;
"""
ARRIVES = f"""
    {guards.in_the_present("payouts_arrive_as_quoted")}
    IF NEW.quote_id IS NULL THEN
        IF (NEW.currency = 'USD' AND NEW.rail IS DISTINCT FROM 'mpesa') IS NOT TRUE THEN
            {guards.refuse("payouts_arrive_as_quoted", AS_TOLD)}
        END IF;
        RETURN NEW;
    END IF;
    -- One at a time, as each leaves less of what was bought.
    PERFORM FROM public.governance_mandate WHERE proposal_id IS NULL FOR NO KEY UPDATE;
    IF NOT EXISTS (
        SELECT FROM public.payments_exchangequote q WHERE q.id = NEW.quote_id AND q.person_id = NEW.person_id
        AND q.rail = NEW.rail AND q.currency = NEW.currency AND q.arrives = NEW.amount
        AND public.coop_now() < q.expires_at
    ) THEN
        {guards.refuse("payouts_arrive_as_quoted", AS_TOLD)}
    END IF;
    IF NEW.amount > public.payments_held(NEW.currency) THEN
        {
    guards.refuse(
        "currency_is_bought_before_it_is_promised", "No more is promised in a currency than was bought of it."
    )
}
    END IF;
    RETURN NEW;
"""
# The least payout and its steps are about what was asked for, in US dollars.
PAID_OUT = LEFT.PAID_OUT.replace(
    "NEW.amount",
    "coalesce((SELECT q.asked FROM public.payments_exchangequote q WHERE q.id = NEW.quote_id), NEW.amount)",
)

EXCHANGES = """
        SELECT FROM posted p JOIN public.payments_account d ON d.id = p.debit_id
        JOIN public.payments_account c ON c.id = p.credit_id
        LEFT JOIN public.payments_payout o ON p.ref = 'payout:' || o.id
        LEFT JOIN public.payments_exchangequote q ON q.id = o.quote_id
        LEFT JOIN public.payments_purchase b ON p.ref = 'purchase:' || b.id AND b.confirmed_at IS NOT NULL
        CROSS JOIN LATERAL (SELECT 'member:' || o.person_id || ':payable' AS mine) member
        WHERE p.kind = 23 AND CASE
            WHEN b.id IS NOT NULL THEN (d.code, c.code, c.currency, p.amount) IN (
                ('fx:USD', 'bank:main', 'USD', b.paid), ('bank:main', 'fx:' || b.currency, b.currency, b.bought))
            WHEN o.state = 'requested' THEN (d.code, c.code, c.currency, p.amount) IN (
                (mine, 'fx:USD', 'USD', q.costs), ('fx:' || q.currency, mine, q.currency, q.arrives))
            WHEN o.state = 'failed' THEN (d.code, c.code, c.currency, p.amount) IN (
                ('fx:USD', mine, 'USD', q.costs), (mine, 'fx:' || q.currency, q.currency, q.arrives))
        END IS NOT TRUE
"""
# Each transfer of a pair is posted once (`facts_are_posted_once`); these say that none of them is missing.
WHOLE = f"""
CREATE FUNCTION public.guard_exchanges_are_whole() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $guard$
BEGIN
    IF (
        SELECT count(*) FROM public.payments_transfer t WHERE t.ref = 'payout:' || NEW.id AND t.kind IN (13, 23)
    ) <> (
        SELECT CASE WHEN o.state = 'failed' THEN 5 ELSE 3 END FROM public.payments_payout o WHERE o.id = NEW.id
    ) THEN
        {guards.refuse("exchanges_are_whole", "An exchange is posted whole, and taken back whole.")}
    END IF;
    RETURN NULL;
END $guard$;
CREATE CONSTRAINT TRIGGER exchanges_are_whole AFTER INSERT OR UPDATE ON public.payments_payout
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.quote_id IS NOT NULL)
    EXECUTE FUNCTION public.guard_exchanges_are_whole();
ALTER TABLE public.payments_payout ENABLE ALWAYS TRIGGER exchanges_are_whole;

CREATE FUNCTION public.guard_purchases_are_posted() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $guard$
BEGIN
    IF (
        SELECT count(*) FROM public.payments_transfer t WHERE t.ref = 'purchase:' || NEW.id AND t.kind = 23
    ) <> 2 THEN
        {guards.refuse("purchases_are_posted", "What was bought is posted in the same act.")}
    END IF;
    RETURN NULL;
END $guard$;
CREATE CONSTRAINT TRIGGER purchases_are_posted AFTER UPDATE ON public.payments_purchase
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.guard_purchases_are_posted();
ALTER TABLE public.payments_purchase ENABLE ALWAYS TRIGGER purchases_are_posted;
"""
BY_TWO = "Foreign money is bought as two officers say."
CONFIRMED = f"""
    IF (
        OLD.confirmed_at IS NULL AND NEW.confirmed_at IS NOT NULL AND {
    in_office(
        "NEW.confirmed_by_id",
        "o.person_id <> (SELECT person_id FROM public.governance_office WHERE id = NEW.noted_by_id)",
    )
}
    ) IS NOT TRUE THEN
        {guards.refuse("currency_is_bought_by_two_officers", BY_TWO)}
    END IF;
    NEW.confirmed_at := public.coop_now();
    RETURN NEW;
"""


class Migration(migrations.Migration):
    """Open the accounts and the kind, and watch them."""

    dependencies: ClassVar = [("payments", "0042_exchange")]
    operations: ClassVar = [
        *(migrations.RunSQL(sql) for sql in (CHART, POSTINGS, HOLDS, EXCHANGED, WHOLE)),
        migrations.RunSQL(SURPLUS.posted("exchanges_are_as_quoted", EXCHANGES, AS_TOLD)),
        guards.Guard(
            "currency_is_noted_in_office",
            table="payments_purchase",
            holds=f"""num_nonnulls(NEW.confirmed_by_id, NEW.confirmed_at) = 0 AND isfinite(NEW.noted_at)
                AND NEW.currency ~ '^[A-Z]{{3}}$' AND NEW.currency <> 'USD' AND NEW.reference ~ '[^[:space:]]'
                AND {in_office("NEW.noted_by_id")}""",
            otherwise=BY_TWO,
            definer=True,
        ),
        guards.Frozen(
            "payments_purchase",
            ["id", "currency", "bought", "paid", "reference", "noted_by_id", "noted_at"],
            otherwise="What was bought stays as it was noted.",
        ),
        guards.Procedure(
            "currency_is_bought_by_two_officers",
            table="payments_purchase",
            on="UPDATE",
            body=CONFIRMED,
            definer=True,
        ),
        guards.NeverDeleted("payments_purchase"),
        guards.Grant("payments_purchase", "SELECT", "INSERT", "UPDATE (confirmed_by_id, confirmed_at)"),
        guards.Procedure("quotes_are_worked_out", table="payments_exchangequote", body=QUOTED, definer=True),
        guards.AppendOnly("payments_exchangequote", otherwise="What a person was told stays as it was told."),
        guards.Grant("payments_exchangequote", "SELECT", "INSERT"),
        guards.Procedure("payouts_arrive_as_quoted", table="payments_payout", body=ARRIVES, definer=True),
        guards.Frozen(
            "payments_payout",
            ["person_id", "amount", "currency", "method", "rail", "details_id", "quote_id", "key", "requested_at"],
            otherwise="What was asked for does not change; ask again.",
        ),
        guards.Guard(
            "payouts_keep_to_the_instruments",
            table="payments_payout",
            on="INSERT OR UPDATE",
            holds=PAID_OUT,
            otherwise="The least payout, its steps, its way and its delay are what the members voted.",
            definer=True,
        ),
        guards.Grant("payments_payout", "INSERT (quote_id)"),
        guards.Allow("payments_unit(text, text)"),
        guards.Allow("payments_bought_at(text)"),
        guards.Allow("payments_held(text)"),
        guards.Allow("payments_exchanged(bigint, numeric, bigint)"),
    ]
