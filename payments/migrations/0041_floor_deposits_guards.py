"""What a week lacked is paid by the deposits of the jobs that made it lack, then by the fund: each part once (E4)."""

from importlib import import_module
from typing import ClassVar

from django.db import migrations

from coop.database import guards

CHECKING = import_module("payments.migrations.0024_checking")
GUARANTEE = import_module("payments.migrations.0036_guarantee_guards")
STRIPE = import_module("payments.migrations.0039_stripe")
KINDS = import_module("payments.migrations.0025_new_kinds")
SURPLUS = import_module("payments.migrations.0021_surplus_guards")
changed = CHECKING.changed

CHART = changed(
    GUARANTEE.CHART,
    (
        "        ('fund:floor', '^fund:floor$', 0, NULL, true),",
        (
            "        ('fund:floor', '^fund:floor$', 0, NULL, true),\n"
            "        ('job:floor', '^job:[1-9][0-9]*:floor$', 0, NULL, true),"
        ),
    ),
)
LAST = "(11, 'fund:floor', 'member:payable', NULL, NULL)"
POSTINGS = changed(
    import_module("payments.migrations.0038_shares").POSTINGS,
    (
        LAST,
        f"""{LAST},
        (2, 'client:available', 'job:floor', NULL, NULL),
        (11, 'job:floor', 'member:payable', NULL, NULL),
        (18, 'job:floor', 'client:available', NULL, NULL)""",
    ),
)
# A share of a job's wages in basis points, of all work or of one kind; half of them at most.
SAYS = changed(
    STRIPE.HOLDS,
    (
        "        WHEN 'checking' THEN",
        """        WHEN 'deposit' THEN about ~ '^(work_type:[1-9][0-9]{0,17})?$'
            AND public.payments_named(value, 'share') AND public.payments_whole(value, 'share', 0, 5000)
        WHEN 'checking' THEN""",
    ),
)
# With less of it, what a week lacks may be paid later.
NEEDED = changed(
    CHECKING.NEEDED,
    (
        "        WHEN 'checking' THEN CASE",
        """        WHEN 'deposit' THEN CASE
            WHEN (becomes ->> 'share')::bigint >= coalesce((was ->> 'share')::bigint, 0) THEN 'N10' ELSE 'N3' END
        WHEN 'checking' THEN CASE""",
    ),
)
OURS = changed(KINDS.OURS, ("'new_kind')", "'new_kind', 'deposit')"))

SHARE = """
CREATE FUNCTION public.payments_deposit_share(work bigint) RETURNS bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $share$
    SELECT coalesce((public.payments_in_force('deposit', 'work_type:' || work) ->> 'share')::bigint, 0)
$share$;

-- What the work tells of a week, job by job: who worked how long at what they handed in, and what that paid.
CREATE FUNCTION public.payments_week_jobs(first timestamptz)
RETURNS TABLE (person_id bigint, job bigint, seconds bigint, earned bigint) LANGUAGE sql STABLE
SET search_path = pg_catalog, public, pg_temp AS $jobs$
    SELECT NULL::bigint, NULL::bigint, NULL::bigint, NULL::bigint WHERE false
$jobs$;

CREATE FUNCTION public.payments_part_is_paid(part bigint) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $paid$
    SELECT EXISTS (SELECT FROM public.payments_transfer t WHERE t.ref = 'topup:' || part AND t.kind = 11)
$paid$;

-- What of a deposit is owed to somebody and not paid yet.
CREATE FUNCTION public.payments_deposit_owes(job bigint) RETURNS bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $owes$
    SELECT coalesce(sum(p.amount), 0)::bigint FROM public.payments_topuppart p
    WHERE p.job = payments_deposit_owes.job AND NOT public.payments_part_is_paid(p.id)
$owes$;
"""

# Once a week's figures are written, of what each is paid: by the jobs at which an hour made less than the floor, in
# the measure of the time at each, as far as their deposits reach; by the fund for the rest.
PARTS = """
    IF EXISTS (SELECT FROM public.payments_account a WHERE a.kind = 'job:floor' AND a.balance > 0) THEN
        WITH lack AS MATERIALIZED (
            SELECT t.id, t.person_id, t.amount, t.floor FROM public.payments_topup t
            WHERE t.week = NEW.week AND t.amount > 0
                AND NOT EXISTS (SELECT FROM public.payments_topuppart p WHERE p.topup_id = t.id)
        ), slow AS MATERIALIZED (
            SELECT l.id, l.amount, w.job, w.seconds, row_number() OVER (PARTITION BY l.id ORDER BY w.job) AS place
            FROM lack l JOIN public.payments_week_jobs(first) w ON w.person_id = l.person_id
                AND l.floor::numeric * w.seconds > w.earned::numeric * 3600
        ), wanted AS (
            SELECT s.id, s.job, d.amount FROM (
                SELECT id, amount, array_agg(seconds ORDER BY place) AS times FROM slow GROUP BY id, amount
            ) each CROSS JOIN LATERAL public.payments_divided(each.amount, each.times) d
            JOIN slow s ON s.id = each.id AND s.place = d.place
        ), held AS (
            SELECT split_part(a.code, ':', 2)::bigint AS job,
                a.balance - public.payments_deposit_owes(split_part(a.code, ':', 2)::bigint) AS free
            FROM public.payments_account a WHERE a.kind = 'job:floor' AND a.currency = 'USD' AND a.balance > 0
        ), reached AS (
            SELECT w.id, w.job, least(w.amount, h.free - coalesce(sum(w.amount) OVER (PARTITION BY w.job ORDER BY w.id
                ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0)) AS amount
            FROM wanted w JOIN held h ON h.job = w.job
        )
        INSERT INTO public.payments_topuppart (topup_id, job, amount)
        SELECT id, job, amount FROM reached WHERE amount > 0 ORDER BY id, job;
    END IF;
    INSERT INTO public.payments_topuppart (topup_id, amount)
    SELECT t.id, t.amount - r.covered FROM public.payments_topup t CROSS JOIN LATERAL (
        SELECT coalesce(sum(p.amount), 0) AS covered, bool_or(p.job IS NULL) AS known
        FROM public.payments_topuppart p WHERE p.topup_id = t.id
    ) r WHERE t.week = NEW.week AND t.amount > r.covered AND r.known IS NOT TRUE ORDER BY t.id;
    RETURN NEW;
"""
RECKONED = changed(GUARANTEE.RECKONED, ("    RETURN NEW;\n", PARTS))

PAID = """
        SELECT FROM posted p JOIN public.payments_account c ON c.id = p.credit_id
        JOIN public.payments_account d ON d.id = p.debit_id
        LEFT JOIN public.payments_topuppart t ON t.id =
            CASE WHEN p.ref ~ '^topup:[1-9][0-9]{0,17}$' THEN split_part(p.ref, ':', 2)::bigint END
        LEFT JOIN public.payments_topup u ON u.id = t.topup_id
        WHERE p.kind = 11 AND (p.amount = t.amount AND c.currency = 'USD'
            AND c.code = 'member:' || u.person_id || ':payable'
            AND d.code = coalesce('job:' || t.job || ':floor', 'fund:floor')) IS NOT TRUE
"""


class Migration(migrations.Migration):
    """Open the account and its movements, and pay each part from where it is due."""

    dependencies: ClassVar = [("payments", "0040_floor_deposits")]
    operations: ClassVar = [
        *(migrations.RunSQL(sql) for sql in (CHART, POSTINGS, SAYS, NEEDED, OURS, SHARE)),
        guards.Allow("payments_deposit_share(bigint)"),
        guards.Allow("payments_deposit_owes(bigint)"),
        guards.Procedure(
            "weeks_are_reckoned_when_over",
            table="payments_reckoning",
            declare="first timestamptz;",
            body=RECKONED,
            definer=True,
        ),
        guards.AppendOnly("payments_topuppart", otherwise="Who pays what a week lacked stays as it was found."),
        # Written by the database alone.
        guards.Grant("payments_topuppart", "SELECT"),
        migrations.RunSQL(
            changed(
                SURPLUS.posted(
                    "top_ups_pay_what_lacks",
                    PAID,
                    "A job's deposit, or the floor fund, pays what a week lacked, to its member, once.",
                ),
                ("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION"),
                ("CREATE TRIGGER", "CREATE OR REPLACE TRIGGER"),
            )
        ),
    ]
