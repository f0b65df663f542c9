"""Comparable kinds of work share one rhythm after a failure too; no way to be paid is opened that does not exist."""

from importlib import import_module
from typing import ClassVar

from django.db import migrations

from coop.database import guards

REGISTRY = import_module("payments.migrations.0008_registry")
REPLAY = import_module("payments.migrations.0012_replay")

# As in 0008, but a way to be paid is one that payouts go by: or one could be voted open that pays nothing, and then the
# real one shut (E3). A new way is added here with what pays by it.
HOLDS = "CREATE OR REPLACE FUNCTION public.payments_instrument_holds" + REGISTRY.HOLDS.split(
    "CREATE FUNCTION public.payments_instrument_holds"
)[1].replace("LANGUAGE sql STABLE SET", "LANGUAGE sql STABLE SECURITY DEFINER SET").replace(
    "about ~ '^rail:[a-z_]{1,30}$'", "about IN ('rail:by_hand')"
)

# As 3.3 says of one class: a cut proposed in 90 days, or one that failed in 180, of any comparable kind.
TOO_SOON = """
CREATE FUNCTION public.payments_cut_alike(work bigint) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $alike$
    SELECT EXISTS (
        SELECT FROM public.payments_comparable_kinds(work) k
        JOIN public.governance_proposal other ON other.subject = 'work_type:' || k.work_type_id
            AND other.policy = 'rate_change'
        JOIN public.governance_rule r ON r.id = other.rule_id AND r.key IN ('N1', 'N2', 'N3')
        LEFT JOIN public.governance_tally t ON t.proposal_id = other.id
        WHERE other.published_at > public.coop_now() - interval '2160 hours'
            OR (NOT t.passed AND t.counted_at > public.coop_now() - interval '4320 hours')
    )
$alike$;
"""
BEGINS, ENDS = "AND EXISTS (\n        SELECT FROM public.payments_comparable_kinds", "\n    ) THEN"
COMPUTED = (
    REPLAY.COMPUTED.split(BEGINS)[0]
    + "AND public.payments_cut_alike(\n        (NEW.payload::jsonb ->> 'work_type')::bigint) THEN"
    + REPLAY.COMPUTED.split(BEGINS)[1].split(ENDS)[1]
).replace("in the last 90 days (3.3)", "in the last 90 days, or failed in the last 180 (3.3)")


class Migration(migrations.Migration):
    """Put both in the place of what stood."""

    dependencies: ClassVar = [("payments", "0017_floor_guards")]
    operations: ClassVar = [
        migrations.RunSQL(HOLDS),
        migrations.RunSQL(TOO_SOON),
        guards.Procedure(
            "impact_is_computed_by_the_database",
            table="governance_proposal",
            on="UPDATE",
            declare="given text;",
            body=COMPUTED,
            definer=True,
        ),
        guards.Allow("payments_cut_alike(bigint)"),
    ]
