"""From which depth on a cut needs the strictest rule is what was voted (3.3) before the cut was published."""

from typing import ClassVar

from django.db import migrations

from coop.database import guards

# Up to 5 % is N1's and up to the number of the constitution N2's. A number that changed meanwhile reaches no vote that
# was published before it (3.1).
BY_SHARE = """
CREATE FUNCTION public.payments_rule_for_share(num numeric, den numeric, most bigint) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, public, pg_temp AS $rule$
    SELECT CASE WHEN (30000 * num >= (30000 - most) * den) IS NOT TRUE THEN 'N3'
        WHEN 100 * num >= 95 * den THEN 'N1' ELSE 'N2' END
$rule$;

CREATE FUNCTION public.payments_rule_for_rate_at(work bigint, pay bigint, seconds integer, moment timestamptz)
RETURNS text LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $rule$
    WITH shares AS (
        SELECT num, den, public.payments_rule_for_share(num, den, n.most) AS rule
        FROM public.payments_kept_shares(work, pay, seconds)
        CROSS JOIN (SELECT public.governance_number_at('cuts_in_a_year', moment) AS most) n
    ), latest AS (
        SELECT r.amount::numeric AS was, r.estimated_seconds::numeric AS took FROM public.payments_rate r
        WHERE r.work_type_id = work ORDER BY r.version DESC LIMIT 1
    )
    SELECT CASE
        WHEN (SELECT pay >= was AND pay * took >= was * seconds FROM latest) THEN 'N10'
        WHEN NOT EXISTS (SELECT FROM latest) AND coalesce(bool_and(num >= den), true) THEN 'N10'
        ELSE coalesce(max(rule), 'N3')
    END FROM shares
$rule$;

CREATE FUNCTION public.payments_rule_for_kind_at(said jsonb, moment timestamptz) RETURNS text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $rule$
    SELECT CASE WHEN coalesce(bool_and(num >= den), true) THEN 'N14' ELSE max(public.payments_rule_for_share(
        num, den, n.most)) END
    FROM public.payments_kept_of_kinds(said)
    CROSS JOIN (SELECT public.governance_number_at('cuts_in_a_year', moment) AS most) n
$rule$;

CREATE OR REPLACE FUNCTION public.payments_rule_for_rate(work bigint, pay bigint, seconds integer) RETURNS text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $rule$
    SELECT public.payments_rule_for_rate_at(work, pay, seconds, public.coop_now())
$rule$;

CREATE OR REPLACE FUNCTION public.payments_rule_for_kind(said jsonb) RETURNS text LANGUAGE sql STABLE
SET search_path = pg_catalog, public, pg_temp AS $rule$
    SELECT public.payments_rule_for_kind_at(said, public.coop_now())
$rule$;
"""
KIND = ("public.payments_rule_for_kind(it.said)", "public.payments_rule_for_kind_at(it.said, p.published_at)")


class Migration(migrations.Migration):
    """Let what is published ask for the number of the day, and what is carried out for the one of its publication."""

    dependencies: ClassVar = [("payments", "0061_balances_in_one_statement"), ("governance", "0057_numbers_decide")]
    operations: ClassVar = [
        migrations.RunSQL(BY_SHARE),
        guards.Edited(
            "guard_rate_is_what_the_vote_said",
            ("p.subject, r.key INTO voted", "p.subject, p.published_at, r.key INTO voted"),
            (
                "public.payments_rule_for_rate(NEW.work_type_id, NEW.amount, NEW.estimated_seconds)",
                """public.payments_rule_for_rate_at(NEW.work_type_id, NEW.amount, NEW.estimated_seconds,
                    voted.published_at)""",
            ),
            KIND,
        ),
        guards.Edited("guard_kind_of_work_is_what_the_vote_said", KIND),
        guards.Edited(
            "guard_enactment_wrote_the_version_it_says",
            (
                "public.payments_rule_for_kind(p.payload::jsonb)",
                "public.payments_rule_for_kind_at(p.payload::jsonb, p.published_at)",
            ),
        ),
    ]
