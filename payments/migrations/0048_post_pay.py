"""What a budget pays the holders of posts a month, and how the database sees that it is paid so."""

from importlib import import_module
from typing import ClassVar

from django.db import migrations, models

from coop.database import guards

BUDGETS = import_module("payments.migrations.0028_budget_guards")
SURPLUS = import_module("payments.migrations.0021_surplus_guards")
BACK = import_module("payments.migrations.0046_chargebacks")
CHECKING = import_module("payments.migrations.0024_checking")
WISE = import_module("payments.migrations.0047_wise")
changed = CHECKING.changed

LAST = "(18, 'job:floor', 'client:available', NULL, NULL)"
POSTINGS = changed(BACK.POSTINGS, (LAST, f"{LAST},\n        (40, 'coop:expense', 'member:payable', NULL, NULL)"))

# A budget from before says nothing of posts: none is paid. Each that is named is one that there is.
POSTS = """
CREATE FUNCTION public.payments_pays_posts(said jsonb) RETURNS boolean LANGUAGE sql STABLE
SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $posts$
    SELECT jsonb_typeof(said) = 'object' AND coalesce(bool_and(public.payments_whole(said, named, 1, 1000000000000)
        AND EXISTS (SELECT FROM public.governance_post p WHERE p.name = named)), true)
    FROM jsonb_object_keys(CASE jsonb_typeof(said) WHEN 'object' THEN said ELSE '{}' END) named
$posts$;

CREATE FUNCTION public.payments_posts_at_most(said jsonb) RETURNS bigint LANGUAGE sql STABLE
SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $most$
    SELECT coalesce(sum(3 * pay.value::bigint * (SELECT p.seats FROM public.governance_post p WHERE p.name = pay.key
        ORDER BY p.version DESC LIMIT 1)), 0)::bigint
    FROM jsonb_each_text(coalesce(said -> 'posts', '{}')) pay
$most$;
"""
SAYABLE = changed(
    BUDGETS.SAYABLE.partition("CREATE FUNCTION public.payments_reserve")[0],
    ("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION"),
    ("public.payments_named(said, 'key',", "public.payments_named('{\"posts\": {}}' || said, 'posts', 'key',"),
    (
        "        AND upper(",
        "        AND public.payments_pays_posts(coalesce(said -> 'posts', '{}'))\n        AND upper(",
    ),
)
IMPACT = changed(
    CHECKING.part(BUDGETS.SAYABLE, "payments_budget_impact"),
    ("+ (said ->> 'advice')::bigint)", "+ (said ->> 'advice')::bigint + public.payments_posts_at_most(said))"),
)
UNSPENT = changed(WISE.UNSPENT, ("t.kind IN (6, 17)", "t.kind IN (6, 17, 40)"))
BUDGET = changed(
    BUDGETS.BUDGET,
    ("IF (said = jsonb_build_object(", "IF ('{\"posts\": {}}' || said = jsonb_build_object('posts', NEW.posts, "),
)

# A month is paid as the budget in force at its beginning said, by the days (UTC) in which the office was held at noon.
PAY = """
CREATE FUNCTION public.payments_post_pay(office bigint, month text) RETURNS bigint LANGUAGE sql STABLE
SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $pay$
    SELECT coalesce((
        SELECT div(pay.micro * held.days, held.out_of)::bigint
        FROM (
            SELECT CASE WHEN month ~ '^[1-9][0-9]{3}-(0[1-9]|1[0-2])$' THEN
                make_timestamptz(left(month, 4)::integer, right(month, 2)::integer, 1, 0, 0, 0, 'UTC') END AS first
        ) it
        JOIN public.governance_office o ON o.id = office
        CROSS JOIN LATERAL (
            SELECT (b.posts ->> o.post)::numeric AS micro FROM public.payments_budget b
            WHERE b.period = public.payments_period_of(it.first) AND b.at <= it.first ORDER BY b.version DESC LIMIT 1
        ) pay
        CROSS JOIN LATERAL (
            SELECT count(*) FILTER (WHERE EXISTS (
                SELECT FROM public.governance_offices_between(noon, noon + interval '1 second') b WHERE b.id = o.id
            )) AS days, count(*) AS out_of
            FROM generate_series(it.first + interval '12 hours',
                (it.first AT TIME ZONE 'UTC' + interval '1 month') AT TIME ZONE 'UTC', interval '1 day') noon
        ) held
        WHERE (it.first AT TIME ZONE 'UTC' + interval '1 month') AT TIME ZONE 'UTC' <= public.coop_now()
    ), 0)
$pay$;

CREATE FUNCTION public.payments_post_pay_owed() RETURNS TABLE (office bigint, person bigint, month text, amount bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $owed$
    SELECT o.id, o.person_id, it.month, pay.amount
    FROM (SELECT DISTINCT b.period FROM public.payments_budget b WHERE b.posts <> '{}') b
    CROSS JOIN LATERAL (
        SELECT to_char(first AT TIME ZONE 'UTC', 'YYYY-MM') AS month, first
        FROM generate_series(lower(public.payments_quarter(b.period)), public.coop_now(), interval '1 month') first
        WHERE first < upper(public.payments_quarter(b.period))
    ) it
    JOIN public.governance_office o ON o.starts_at < it.first + interval '31 days' AND o.ends_at > it.first
    CROSS JOIN LATERAL (SELECT public.payments_post_pay(o.id, it.month) AS amount) pay
    WHERE pay.amount > 0 AND NOT EXISTS (
        SELECT FROM public.payments_transfer t WHERE t.kind = 40 AND t.ref = 'office:' || o.id || ':' || it.month
    ) ORDER BY it.month, o.id
$owed$;
"""
WRONG = """
        SELECT FROM posted p JOIN public.payments_account d ON d.id = p.debit_id
        JOIN public.payments_account c ON c.id = p.credit_id
        LEFT JOIN public.governance_office o ON o.id = CASE
            WHEN p.ref ~ '^office:[1-9][0-9]{0,17}:[0-9]{4}-[0-9]{2}$' THEN split_part(p.ref, ':', 2)::bigint END
        WHERE p.kind = 40 AND (p.amount = public.payments_post_pay(o.id, split_part(p.ref, ':', 3))
            AND c.code = 'member:' || o.person_id || ':payable' AND d.code = 'coop:expense:posts'
            AND c.currency = 'USD') IS NOT TRUE
        UNION ALL
        SELECT FROM posted p WHERE p.kind = 40 AND public.payments_unspent(
            public.payments_quarter(public.payments_period_of(public.coop_now()))) < 0
"""
# One at a time with bills, as each leaves less for the next.
GUARD = SURPLUS.posted(
    "posts_are_paid_as_voted",
    WRONG,
    "A post is paid what the budget said for the days it was held, once, out of the quarter's fees (N11).",
).replace(
    "BEGIN\n",
    """BEGIN
    IF EXISTS (SELECT FROM posted p WHERE p.kind = 40) THEN
        PERFORM FROM public.governance_mandate WHERE proposal_id IS NULL FOR NO KEY UPDATE;
    END IF;
""",
    1,
)


class Migration(migrations.Migration):
    """Let budgets name the pay of posts, and time pay it."""

    dependencies: ClassVar = [("payments", "0047_wise"), ("governance", "0053_turns_among_options")]
    operations: ClassVar = [
        migrations.AddField(
            "budget",
            "posts",
            models.JSONField(
                db_default={}, default=dict, help_text="Micro-units of US$ a month for each seat, by post."
            ),
        ),
        guards.Grant("payments_budget", "INSERT (posts)"),
        *(migrations.RunSQL(sql) for sql in (POSTINGS, POSTS, SAYABLE, IMPACT, UNSPENT, PAY, GUARD)),
        guards.Procedure(
            "budget_is_what_the_vote_said", table="payments_budget", declare="said jsonb;", body=BUDGET, definer=True
        ),
        guards.Allow("payments_post_pay(bigint, text)"),
        guards.Allow("payments_post_pay_owed()"),
    ]
