"""The usual pay of an hour stays above the floor of its region, whatever the vote (E4)."""

from importlib import import_module
from typing import ClassVar

from django.db import migrations

from coop.database import guards

REGISTRY = import_module("payments.migrations.0008_registry")
ENACTMENTS = import_module("payments.migrations.0003_enactments")

# The least pay of a unit, in micro-units and rounded up, at which an hour makes the floor. The time is the measured
# median once 20 units were measured, longer where a longer time is voted; before that the longest time voted in
# twelve months, so that a shorter estimate by itself lifts nobody above a floor.
PAY = """
CREATE FUNCTION public.payments_round_up(num numeric, den numeric) RETURNS numeric
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, public, pg_temp AS $up$
    SELECT div(num, den) + (num % den > 0)::integer
$up$;

CREATE FUNCTION public.payments_pay_at(floor bigint, work bigint, estimate bigint) RETURNS bigint
LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $pay$
    SELECT CASE WHEN floor = 0 THEN 0 ELSE (
        SELECT CASE WHEN m.median_seconds IS NULL
            THEN public.payments_round_up(floor::numeric * greatest(estimate, voted.longest), 3600)
            ELSE public.payments_round_up(floor * m.median_seconds * greatest(estimate, voted.latest),
                3600 * voted.latest::numeric)
            END::bigint
        FROM (
            SELECT max(r.estimated_seconds) AS longest,
                (array_agg(r.estimated_seconds ORDER BY r.version DESC))[1] AS latest
            FROM public.payments_rate r WHERE r.work_type_id = work AND NOT EXISTS (
                SELECT FROM public.payments_rate later WHERE later.work_type_id = work AND later.version > r.version
                AND later.since <= public.coop_now() - interval '12 months')
        ) voted LEFT JOIN public.payments_measured_time m
            ON m.work_type_id = work AND m.units >= 20 AND m.median_seconds > 0
    ) END
$pay$;
"""

# The floor that a person's work keeps, by where they live; and that of a kind of work: of every region in which
# somebody did it in the last 90 days (D6), and what holds for all.
FLOORS = """
CREATE FUNCTION public.payments_floor_in(country text) RETURNS bigint
LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $floor$
    SELECT greatest((public.payments_in_force('floor', '') ->> 'micro_an_hour')::bigint,
        (public.payments_in_force('floor', 'country:' || country) ->> 'micro_an_hour')::bigint, 0)
$floor$;

CREATE FUNCTION public.payments_floor_of(work bigint) RETURNS bigint
LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $floor$
    SELECT greatest(public.payments_floor_in(''), (
        SELECT max(said.micro) FROM (
            SELECT DISTINCT ON (i.key) i.key, (i.value::jsonb ->> 'micro_an_hour')::bigint AS micro
            FROM public.payments_instrument i WHERE i.kind = 'floor' AND i.key <> '' ORDER BY i.key, i.version DESC
        ) said WHERE said.micro > 0 AND said.key IN (
            SELECT 'country:' || p.country FROM public.governance_engagement e
            JOIN public.people_person p ON p.id = e.person_id
            WHERE e.subject = 'work_type:' || work AND e.last_at > public.coop_now() - interval '2160 hours')
    ))
$floor$;

CREATE FUNCTION public.payments_least_by_floor(work bigint, estimate bigint, country text) RETURNS bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $least$
    SELECT public.payments_pay_at(
        CASE WHEN country IS NULL THEN public.payments_floor_of(work) ELSE public.payments_floor_in(country) END,
        work, estimate)
$least$;
"""

# A floor that some kind of work does not reach takes that work from those who live there: that is closing it (N6).
NEEDED = (
    REGISTRY.NEEDED.split("-- A vote under a stricter rule")[0]
    .replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION")
    .replace(
        "WHEN 'floor' THEN CASE\n",
        """WHEN 'floor' THEN CASE
            WHEN EXISTS (
                SELECT FROM (SELECT DISTINCT ON (r.work_type_id) r.work_type_id, r.amount FROM public.payments_rate r
                    ORDER BY r.work_type_id, r.version DESC) now
                WHERE now.amount < public.payments_pay_at((becomes ->> 'micro_an_hour')::bigint, now.work_type_id, NULL)
            ) THEN 'N6'
""",
    )
)
SUFFICES = """
CREATE OR REPLACE FUNCTION public.payments_suffices(voted text, needed text) RETURNS boolean
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, public, pg_temp AS $suffices$
    SELECT voted = needed OR (voted = 'N3' AND needed IN ('N9', 'N11')) OR (voted = 'N6' AND needed = 'N10') OR (
        SELECT array_position(strict, voted) >= array_position(strict, needed)
        FROM (SELECT ARRAY['N10', 'N1', 'N2', 'N3'] AS strict) milder_first
    ) IS TRUE
$suffices$;
"""

BELOW = "The usual pay of an hour stays above the floor of the region, whatever the vote (E4)."
VOTED = """CASE WHEN OLD.published_at IS NULL AND NEW.published_at IS NOT NULL AND NEW.policy = 'rate_change'
    THEN public.payments_micro(NEW.payload::jsonb ->> 'amount') >= public.payments_least_by_floor(
        (NEW.payload::jsonb ->> 'work_type')::bigint, (NEW.payload::jsonb ->> 'estimated_seconds')::bigint, NULL)
    ELSE true END"""

# As in 0003; a vote on pay also fails when the floor rose above it meanwhile.
SAID = ENACTMENTS.SAID.replace(
    "\n        )\n    END",
    """
        ) OR public.payments_micro(p.payload::jsonb ->> 'amount') < public.payments_least_by_floor(
            (p.payload::jsonb ->> 'work_type')::bigint, (p.payload::jsonb ->> 'estimated_seconds')::bigint, NULL)
    END""",
)


class Migration(migrations.Migration):
    """Watch rates and votes on them."""

    dependencies: ClassVar = [("payments", "0016_open_ledger")]
    operations: ClassVar = [
        *(migrations.RunSQL(sql) for sql in (PAY, FLOORS, NEEDED, SUFFICES)),
        guards.Guard(
            "rate_keeps_above_the_floor",
            table="payments_rate",
            holds="NEW.amount >= public.payments_least_by_floor(NEW.work_type_id, NEW.estimated_seconds, NULL)",
            otherwise=BELOW,
            definer=True,
        ),
        guards.Guard(
            "no_vote_goes_below_the_floor",
            table="governance_proposal",
            on="UPDATE",
            holds=VOTED,
            otherwise=BELOW,
            definer=True,
        ),
        guards.Guard(
            "enactment_wrote_the_rate_it_says",
            table="governance_enactment",
            holds=f"({SAID})",
            otherwise="A vote on pay is carried out by its rate, and fails only when it cannot be.",
            definer=True,
        ),
        guards.Allow("payments_least_by_floor(bigint, bigint, text)"),
    ]
