"""Raises that the reserve pays: by a vote under N10, set aside when it takes effect, paid when the quarter is over."""

from importlib import import_module
from typing import ClassVar

import django.db.models.deletion
from django.db import migrations, models

import payments.money
from coop.database import guards

SURPLUS = import_module("payments.migrations.0021_surplus_guards")
changed = import_module("payments.migrations.0024_checking").changed

NOTHING = "        -- Nothing takes money out"
CHART = changed(
    import_module("payments.migrations.0046_chargebacks").CHART,
    (NOTHING, f"        ('raise', '^raise:[1-9][0-9]*$', 0, NULL, true),\n{NOTHING}"),
)
FIRST = "(40, 'coop:expense', 'member:payable', NULL, NULL)"
POSTINGS = changed(
    import_module("payments.migrations.0050_tips").POSTINGS,
    (
        FIRST,
        f"""(37, 'reserve:collective', 'raise', NULL, NULL),
        (38, 'raise', 'member:payable', NULL, NULL),
        (38, 'raise', 'reserve:collective', NULL, NULL),
        {FIRST}""",
    ),
)
# An answer is paid once: as it is accepted, or in advance where its client contests it.
RAISES = """
CREATE FUNCTION public.payments_raise_units(kind_of_work bigint, during tstzrange)
RETURNS TABLE (person_id bigint, units bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $units$
    SELECT split_part(c.code, ':', 2)::bigint, count(*) FROM public.payments_transfer t
    JOIN public.payments_account c ON c.id = t.credit_id AND c.kind = 'member:payable' AND c.currency = 'USD'
    JOIN public.payments_paid_answers a ON a.assignment_id = CASE
        WHEN t.ref ~ '^assignment:[1-9][0-9]{0,17}$' THEN split_part(t.ref, ':', 2)::bigint END
    JOIN public.payments_rate r ON r.id = a.rate_id AND r.work_type_id = kind_of_work
    WHERE t.kind IN (5, 28) AND t.posted_at >= lower(during) AND t.posted_at < upper(during)
    GROUP BY c.code
$units$;

CREATE FUNCTION public.payments_raise_lines(raised bigint) RETURNS TABLE (code text, amount bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $lines$
    WITH done AS MATERIALIZED (
        SELECT u.person_id, u.units, row_number() OVER (ORDER BY u.person_id) AS place
        FROM public.payments_raise r,
            public.payments_raise_units(r.work_type_id, public.payments_quarter(r.period)) u WHERE r.id = raised
    ), paid AS (
        SELECT r.most, least(r.most, r.amount * (SELECT coalesce(sum(d.units), 0) FROM done d))::bigint AS pool
        FROM public.payments_raise r WHERE r.id = raised
    )
    SELECT 'member:' || d.person_id || ':payable', part.amount FROM paid p
    CROSS JOIN LATERAL public.payments_divided(p.pool, ARRAY(SELECT o.units FROM done o ORDER BY o.place)) part
    JOIN done d ON d.place = part.place WHERE part.amount > 0
    UNION ALL SELECT 'reserve:collective', p.most - p.pool FROM paid p WHERE p.most > p.pool
$lines$;

CREATE FUNCTION public.payments_raise_open(said jsonb) RETURNS boolean LANGUAGE sql STABLE
SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $open$
    SELECT (public.payments_named(said, 'key', 'period', 'amount', 'most', 'replaces') AND said -> 'replaces' = '0'
        AND public.payments_whole(said, 'amount', 1, 100000000)
        AND public.payments_whole(said, 'most', 1, 1000000000000)
        AND (said ->> 'most')::bigint BETWEEN (said ->> 'amount')::bigint AND public.payments_reserve()
        AND jsonb_typeof(said -> 'period') = 'string' AND said ->> 'period' IN (
            public.payments_period_of(public.coop_now()),
            public.payments_period_of(upper(public.payments_quarter(public.payments_period_of(public.coop_now())))))
        AND EXISTS (
            SELECT FROM public.payments_worktype w WHERE said -> 'key' = to_jsonb('work_type:' || w.id)
            AND w.slug NOT IN ('onboarding', 'panel', 'dispute') AND NOT EXISTS (
                SELECT FROM public.payments_raise r WHERE r.work_type_id = w.id AND r.period = said ->> 'period'))
    ) IS TRUE
$open$;

CREATE FUNCTION public.payments_raise_impact(said jsonb) RETURNS jsonb LANGUAGE sql STABLE
SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $impact$
    SELECT jsonb_build_object('most', public.payments_plain((said ->> 'most')::bigint),
        'reserve', public.payments_plain(public.payments_reserve()),
        'reaches', (said ->> 'most')::bigint / (said ->> 'amount')::bigint, 'units', coalesce(sum(u.units), 0),
        'cost', public.payments_plain(
            least((said ->> 'most')::bigint, coalesce(sum(u.units), 0) * (said ->> 'amount')::bigint)::bigint))
    FROM public.payments_raise_units(split_part(said ->> 'key', ':', 2)::bigint,
        tstzrange(public.coop_now() - interval '91 days', public.coop_now())) u
$impact$;
"""
OTHERWISE = "A raise from the reserve is what a vote on it said (N10), before its quarter is over."
RAISED = f"""
    {guards.in_the_present("raise_is_what_the_vote_said")}
    SELECT p.payload::jsonb INTO said FROM public.governance_mandate m
        JOIN public.governance_proposal p ON p.id = m.proposal_id JOIN public.governance_rule r ON r.id = p.rule_id
        WHERE m.id = NEW.mandate_id AND p.policy = 'reserve_raise' AND p.payload IS JSON OBJECT WITH UNIQUE KEYS
        AND public.payments_suffices(r.key, 'N10')
        AND m.due_at <= public.coop_now() AND public.coop_now() < m.expires_at;
    IF (said = jsonb_build_object('key', 'work_type:' || NEW.work_type_id, 'period', NEW.period,
            'amount', NEW.amount, 'most', NEW.most, 'replaces', 0)
        AND public.payments_raise_open(said)) IS NOT TRUE THEN
        {guards.refuse("raise_is_what_the_vote_said", OTHERWISE)}
    END IF;
    NEW.at := public.coop_now();
    RETURN NEW;
"""
# All of a raise in one statement, so that its sums are whole.
MOVES = """
        SELECT FROM posted p JOIN public.payments_account c ON c.id = p.credit_id
        LEFT JOIN public.payments_raise r ON p.ref = 'raise:' || r.id
        WHERE p.kind = 37 AND (c.code = p.ref AND c.currency = 'USD' AND p.amount = r.most) IS NOT TRUE
        UNION ALL
        SELECT FROM (SELECT DISTINCT p.ref FROM posted p WHERE p.kind = 38) about
        LEFT JOIN public.payments_raise r ON about.ref = 'raise:' || r.id
        WHERE (upper(public.payments_quarter(r.period)) + interval '1 hour' <= public.coop_now() AND NOT EXISTS (
            SELECT FROM (
                SELECT c.code, p.amount, d.code AS source, c.currency FROM posted p
                JOIN public.payments_account c ON c.id = p.credit_id JOIN public.payments_account d ON d.id = p.debit_id
                WHERE p.kind = 38 AND p.ref = about.ref
            ) moved FULL JOIN public.payments_raise_lines(r.id) line USING (code)
            WHERE (moved.amount = line.amount AND moved.source = about.ref AND moved.currency = 'USD') IS NOT TRUE
        )) IS NOT TRUE
"""
VOTED = f"""
    IF OLD.published_at IS NOT NULL OR NEW.published_at IS NULL OR NEW.policy <> 'reserve_raise' THEN
        RETURN NEW;
    END IF;
    {guards.in_the_present("a_reserve_raise_is_voted_by_its_rule")}
    IF (NEW.payload IS JSON OBJECT WITH UNIQUE KEYS AND NEW.subject = 'everybody'
        AND public.payments_raise_open(NEW.payload::jsonb)
        AND public.payments_suffices((SELECT r.key FROM public.governance_rule r WHERE r.id = NEW.rule_id), 'N10')
    ) IS NOT TRUE THEN
        {
    guards.refuse(
        "a_reserve_raise_is_voted_by_its_rule",
        "All vote on a raise from the reserve (N10): one kind of work, one quarter, no more than the reserve has.",
    )
}
    END IF;
    NEW.impact := public.payments_canonical(public.payments_raise_impact(NEW.payload::jsonb));
    RETURN NEW;
"""
CARRIED_OUT = """(
    SELECT p.policy <> 'reserve_raise' OR CASE WHEN NEW.failure = ''
        THEN EXISTS (SELECT FROM public.payments_raise r WHERE r.mandate_id = m.id)
        ELSE NOT public.payments_raise_open(p.payload::jsonb) END
    FROM public.governance_mandate m JOIN public.governance_proposal p ON p.id = m.proposal_id
    WHERE m.id = NEW.mandate_id
)"""


class Migration(migrations.Migration):
    """Let the kinds 37 and 38 move the reserve's money, by a vote alone."""

    dependencies: ClassVar = [("payments", "0050_tips"), ("governance", "0053_turns_among_options")]
    operations: ClassVar = [
        migrations.CreateModel(
            name="Raise",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("period", models.CharField(help_text='A calendar quarter in UTC, "2026-Q4".', max_length=7)),
                ("amount", payments.money.MoneyField(help_text="On top of the pay of each answer.")),
                ("most", payments.money.MoneyField(help_text="For all of them together.")),
                ("at", models.DateTimeField()),
                (
                    "mandate",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="governance.mandate"
                    ),
                ),
                (
                    "work_type",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="raises", to="payments.worktype"
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("work_type", "period"), name="one_raise_in_a_quarter")],
            },
        ),
        *(migrations.RunSQL(sql) for sql in (CHART, POSTINGS, RAISES)),
        guards.Procedure(
            "raise_is_what_the_vote_said", table="payments_raise", declare="said jsonb;", body=RAISED, definer=True
        ),
        guards.AppendOnly("payments_raise", otherwise="A raise that was voted stands."),
        guards.Grant("payments_raise", "SELECT", "INSERT"),
        migrations.RunSQL(
            SURPLUS.posted(
                "raises_move_as_voted",
                MOVES,
                "A raise is set aside as it was voted, and paid whole when its quarter is over.",
            )
        ),
        migrations.RunSQL(
            SURPLUS.deferred(
                "raise_is_set_aside",
                "payments_raise",
                "EXISTS (SELECT FROM public.payments_transfer t WHERE t.ref = 'raise:' || NEW.id AND t.kind = 37)",
                "What a raise can cost is set aside when it takes effect.",
            )
        ),
        # Its name comes before `proposal_stands_once_published`, which makes the digest.
        guards.Procedure(
            "a_reserve_raise_is_voted_by_its_rule", table="governance_proposal", on="UPDATE", body=VOTED, definer=True
        ),
        guards.Guard(
            "enactment_wrote_the_raise",
            table="governance_enactment",
            holds=CARRIED_OUT,
            otherwise="A vote on a raise is carried out by it, and fails only when it cannot be.",
            definer=True,
        ),
        guards.Allow("payments_raise_open(jsonb)"),
        guards.Allow("payments_raise_impact(jsonb)"),
        guards.Allow("payments_raise_units(bigint, tstzrange)"),
        guards.Allow("payments_raise_lines(bigint)"),
    ]
