"""A vote that would do worse when it is carried out than was told when it was voted fails, and nothing changes (G6)."""

from typing import ClassVar

from django.db import migrations

from coop.database import guards

# What was told is the report in the proposal's id. The work of 28 days is another by then; the probes are the same, so
# they are compared: of each hundred of them, how many pay less or later. A report of before says of some cuts only by
# its rule that they are one.
WORSE = """
CREATE FUNCTION public.payments_worse_than_told(vote bigint) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $worse$
    SELECT coalesce((
        SELECT (does.it -> 'cut')::boolean AND (
            NOT ((told.it -> 'cut')::boolean OR told.it ->> 'rule' IN ('N1', 'N2', 'N3'))
            OR (does.it -> 'probes' ->> 'lower')::numeric * (told.it -> 'probes' ->> 'tried')::numeric
                > (told.it -> 'probes' ->> 'lower')::numeric * (does.it -> 'probes' ->> 'tried')::numeric)
        FROM public.governance_proposal p
        CROSS JOIN LATERAL (SELECT p.impact::jsonb AS it) told
        CROSS JOIN LATERAL (SELECT public.payments_impact(p.policy, p.payload::jsonb) AS it) does
        WHERE p.id = vote AND public.payments_is_ours(p.policy)
    ), false)
$worse$;
"""
BY_RATE = """OR NOT public.payments_suffices(
            (SELECT r.key FROM public.governance_rule r WHERE r.id = p.rule_id),
            public.payments_rule_for_rate_at((p.payload::jsonb ->> 'work_type')::bigint,
                public.payments_micro(p.payload::jsonb ->> 'amount'),
                (p.payload::jsonb ->> 'estimated_seconds')::integer, p.published_at))
        OR public.payments_micro(p.payload::jsonb ->> 'amount') <"""


class Migration(migrations.Migration):
    """Ask it of each new version, and let a vote that it stops be ticked off as failed."""

    dependencies: ClassVar = [("payments", "0063_what_gets_worse")]
    operations: ClassVar = [
        migrations.RunSQL(WORSE),
        guards.Guard(
            "instrument_does_no_worse_than_told",
            table="payments_instrument",
            holds="""NOT public.payments_worse_than_told(
                (SELECT m.proposal_id FROM public.governance_mandate m WHERE m.id = NEW.mandate_id))""",
            otherwise="What this change does now is worse than what was told when it was voted: nothing changes (G6).",
            definer=True,
        ),
        guards.Edited(
            "guard_enactment_wrote_the_version_it_says",
            (
                "OR NOT public.payments_suffices(r.key, public.payments_needed_rule(p.policy, p.payload::jsonb))",
                """OR NOT public.payments_suffices(r.key, public.payments_needed_rule(p.policy, p.payload::jsonb))
            OR public.payments_worse_than_told(p.id)""",
            ),
        ),
        # A cut whose depth grew, as comparable work was raised meanwhile, has failed too.
        guards.Edited(
            "guard_enactment_wrote_the_rate_it_says",
            ("OR public.payments_micro(p.payload::jsonb ->> 'amount') <", BY_RATE),
        ),
        # From steps of five cents to steps of two, a dollar and five pays out one cent less.
        guards.Edited(
            "payments_rule_for_instrument",
            (
                "(becomes ->> 'payout_step')::bigint <= (was ->> 'payout_step')::bigint THEN 'N10'",
                "(was ->> 'payout_step')::bigint % (becomes ->> 'payout_step')::bigint = 0 THEN 'N10'",
            ),
        ),
    ]
