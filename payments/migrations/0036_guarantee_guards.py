"""Whose week paid less for an hour than the floor of their region is owed what lacks, to the unit, once (E4)."""

from importlib import import_module
from typing import ClassVar

from django.db import migrations

from coop.database import guards

SURPLUS = import_module("payments.migrations.0021_surplus_guards")
CHART = SURPLUS.CHART.replace(
    "        -- Nothing takes money out",
    "        ('fund:floor', '^fund:floor$', 0, NULL, true),\n        -- Nothing takes money out",
)
LAST = "(32, 'reserve:collective', 'fund:care', NULL, NULL)"
POSTINGS = import_module("payments.migrations.0033_runs_guards").POSTINGS.replace(
    LAST,
    f"""{LAST},
        (1, 'bank:main', 'fund:floor', NULL, NULL),
        (11, 'fund:floor', 'member:payable', NULL, NULL)""",
)

# What the work tells of a week: who handed in what, for how long they worked at it, what it paid, and whether any of
# it, or of before, is still being decided.
WORKED = """
CREATE FUNCTION public.payments_week_worked(first timestamptz)
RETURNS TABLE (person_id bigint, seconds bigint, earned bigint, waits boolean) LANGUAGE sql STABLE
SET search_path = pg_catalog, public, pg_temp AS $worked$
    SELECT NULL::bigint, NULL::bigint, NULL::bigint, NULL::boolean WHERE false
$worked$;
"""

# The highest floor of a week, so that a lower one holds for the weeks after; the weeks that count, from that in which
# there first was one. A week is over an hour after its end, as a handing in may be written a little after midnight.
WEEKS = """
CREATE FUNCTION public.payments_floor_of_week(country text, first timestamptz) RETURNS bigint
LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $floor$
    SELECT greatest(0, (
        SELECT max(said.micro) FROM (
            SELECT (i.value::jsonb ->> 'micro_an_hour')::bigint AS micro, i.since,
                lead(i.since) OVER (PARTITION BY i.key ORDER BY i.version) AS until
            FROM public.payments_instrument i
            WHERE i.kind = 'floor' AND i.key IN ('', 'country:' || country)
        ) said WHERE said.since < first + interval '7 days' AND coalesce(said.until > first, true)))
$floor$;

CREATE FUNCTION public.payments_monday(week date) RETURNS timestamptz
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, public, pg_temp AS $monday$
    SELECT week::timestamp AT TIME ZONE 'UTC' WHERE extract(isodow FROM week) = 1
$monday$;

CREATE FUNCTION public.payments_first_week() RETURNS timestamp
LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $first$
    SELECT date_trunc('week', min(i.since) AT TIME ZONE 'UTC') FROM public.payments_instrument i
    WHERE i.kind = 'floor' AND (i.value::jsonb ->> 'micro_an_hour')::bigint > 0
$first$;

CREATE FUNCTION public.payments_last_week() RETURNS timestamp
LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $last$
    SELECT date_trunc('week', (public.coop_now() - interval '1 hour') AT TIME ZONE 'UTC') - interval '7 days'
$last$;
"""

OVER = "A week is counted an hour after it is over, from the first floor on, and again when more of it was decided."
ORDER = "Weeks are counted one after the other, so that no time counts twice."
RECKONED = f"""
    {guards.in_the_present("weeks_are_reckoned_when_over")}
    -- One at a time, as each leaves out what was counted before.
    PERFORM FROM public.governance_mandate WHERE proposal_id IS NULL FOR NO KEY UPDATE;
    NEW.at := public.coop_now();
    first := public.payments_monday(NEW.week);
    IF (NEW.week BETWEEN public.payments_first_week() AND public.payments_last_week() AND first IS NOT NULL
        AND NOT EXISTS (SELECT FROM public.payments_reckoning r WHERE r.week = NEW.week AND r.complete)) IS NOT TRUE
    THEN
        {guards.refuse("weeks_are_reckoned_when_over", OVER)}
    END IF;
    IF NEW.week > public.payments_first_week()
        AND NOT EXISTS (SELECT FROM public.payments_reckoning r WHERE r.week = NEW.week - 7)
    THEN
        {guards.refuse("weeks_are_reckoned_in_order", ORDER)}
    END IF;
    WITH worked AS MATERIALIZED (
        SELECT w.*, public.payments_floor_of_week(p.country, first) AS floor
        FROM public.payments_week_worked(first) w JOIN public.people_person p ON p.id = w.person_id
    ), written AS (
        INSERT INTO public.payments_topup (person_id, week, seconds, floor, earned, amount, at)
        SELECT w.person_id, NEW.week, w.seconds, w.floor, w.earned,
            greatest(0, public.payments_round_up(w.floor::numeric * w.seconds, 3600) - w.earned), NEW.at
        FROM worked w WHERE NOT w.waits AND w.floor > 0
            AND NOT EXISTS (SELECT FROM public.payments_topup t WHERE t.person_id = w.person_id AND t.week = NEW.week)
        ORDER BY w.person_id RETURNING 1
    )
    SELECT (SELECT count(*) FROM written), coalesce((SELECT bool_and(NOT w.waits) FROM worked w), true)
    INTO NEW.people, NEW.complete;
    IF NEW.people = 0 AND NOT NEW.complete
        AND EXISTS (SELECT FROM public.payments_reckoning r WHERE r.week = NEW.week)
    THEN
        {guards.refuse("weeks_are_reckoned_when_over", OVER)}
    END IF;
    RETURN NEW;
"""

PAID = """
        SELECT FROM posted p JOIN public.payments_account c ON c.id = p.credit_id
        LEFT JOIN public.payments_topup t ON p.ref = 'topup:' || t.id
        WHERE p.kind = 11 AND (p.amount = t.amount AND c.currency = 'USD'
            AND c.code = 'member:' || t.person_id || ':payable') IS NOT TRUE
"""


class Migration(migrations.Migration):
    """Open the fund, count the weeks, and pay nothing but what lacks."""

    dependencies: ClassVar = [("payments", "0035_guarantee")]
    operations: ClassVar = [
        *(migrations.RunSQL(sql) for sql in (CHART, POSTINGS, WORKED, WEEKS)),
        guards.Procedure(
            "weeks_are_reckoned_when_over",
            table="payments_reckoning",
            declare="first timestamptz;",
            body=RECKONED,
            definer=True,
        ),
        guards.AppendOnly("payments_reckoning", otherwise="A week that was counted stays counted."),
        guards.Grant("payments_reckoning", "SELECT", "INSERT"),
        guards.AppendOnly(
            "payments_topup",
            otherwise="What a week lacked to the floor stays what it was.",
        ),
        guards.Guard(
            "top_ups_are_what_lacks",
            table="payments_topup",
            holds="""NEW.floor > 0 AND NEW.amount = greatest(0,
                public.payments_round_up(NEW.floor::numeric * NEW.seconds, 3600) - NEW.earned)""",
            otherwise="What lacks is the floor of an hour times the time, less what was earned: no more and no less.",
        ),
        # Written by the database alone.
        guards.Grant("payments_topup", "SELECT"),
        migrations.RunSQL(
            SURPLUS.posted(
                "top_ups_pay_what_lacks",
                PAID,
                "The floor fund pays what a week lacked, to its member, once.",
            )
        ),
        guards.Allow("payments_first_week()"),
        guards.Allow("payments_last_week()"),
    ]
