"""Promises about the constitution's own rows: changed by N15 alone, as voted, and applied 15 days after (E9)."""

from importlib import import_module
from typing import ClassVar

from django.db import migrations

from coop.database import guards

PARAMETER = """
CREATE FUNCTION public.governance_number(named text) RETURNS bigint LANGUAGE sql VOLATILE
BEGIN ATOMIC
    SELECT p.value::bigint FROM public.governance_parameter p
    WHERE p.name = named AND p.applies_from <= public.coop_now() ORDER BY p.version DESC LIMIT 1;
END;
-- The row that the mandate of a vote by N15 says, while it is due; null if there is none.
CREATE FUNCTION public.governance_amendment(by_mandate bigint, kind text) RETURNS jsonb LANGUAGE sql VOLATILE
BEGIN ATOMIC
    SELECT p.payload::jsonb FROM public.governance_mandate m
    JOIN public.governance_proposal p ON p.id = m.proposal_id
    JOIN public.governance_rule r ON r.id = p.rule_id
    WHERE m.id = by_mandate AND p.policy = kind AND r.key = 'N15' AND p.payload IS JSON OBJECT WITH UNIQUE KEYS
        AND public.coop_now() >= m.due_at AND public.coop_now() < m.expires_at;
END;
"""

RULE_SAID = f"""
    IF public.governance_is_founding(NEW.mandate_id) AND public.governance_by_owner() AND NEW.version = 1 THEN
        RETURN NEW;
    END IF;
    {guards.in_the_present("rule_is_what_the_vote_said")}
    said := public.governance_amendment(NEW.mandate_id, 'rule_change');
    SELECT * INTO old FROM public.governance_rule r WHERE r.key = NEW.key ORDER BY r.version DESC LIMIT 1 FOR KEY SHARE;
    NEW.published_at := public.coop_now();
    NEW.applies_from := NEW.published_at + interval '360 hours';
    IF (
        said = jsonb_build_object(
            'key', NEW.key, 'replaces', old.version, 'deliberation_days', NEW.deliberation_days,
            'frozen_days', NEW.frozen_days, 'voting_days', NEW.voting_days, 'lock_days', NEW.lock_days,
            'affected_yes', NEW.affected_yes, 'affected_floor', NEW.affected_floor, 'whole_yes', NEW.whole_yes,
            'whole_floor', NEW.whole_floor, 'turnout_floor', NEW.turnout_floor, 'readings', NEW.readings,
            'seniors_too', NEW.seniors_too)
        AND NEW.version = old.version + 1 AND NEW.decision = old.decision
    ) IS NOT TRUE THEN
        {guards.refuse("rule_is_what_the_vote_said", "A rule changes by a vote under N15, exactly as it was voted.")}
    END IF;
    RETURN NEW;
"""

PARAMETER_SAID = f"""
    IF public.governance_is_founding(NEW.mandate_id) AND public.governance_by_owner() AND NEW.version = 1 THEN
        RETURN NEW;
    END IF;
    {guards.in_the_present("parameter_is_what_the_vote_said")}
    said := public.governance_amendment(NEW.mandate_id, 'parameter_change');
    SELECT p.version INTO latest FROM public.governance_parameter p WHERE p.name = NEW.name
        ORDER BY p.version DESC LIMIT 1 FOR KEY SHARE;
    NEW.published_at := public.coop_now();
    NEW.applies_from := NEW.published_at + interval '360 hours';
    IF (
        said = jsonb_build_object('name', NEW.name, 'value', NEW.value, 'replaces', latest)
        AND NEW.version = latest + 1
    ) IS NOT TRUE THEN
        {guards.refuse("parameter_is_what_the_vote_said", "This number changes by a vote under N15, exactly as voted.")}
    END IF;
    RETURN NEW;
"""

WROTE = """
    SELECT CASE
        WHEN p.policy = 'rule_change' THEN CASE NEW.failure
            WHEN '' THEN EXISTS (SELECT FROM public.governance_rule r WHERE r.mandate_id = m.id)
            ELSE (p.payload::jsonb ->> 'replaces')::integer IS DISTINCT FROM (
                SELECT max(r.version) FROM public.governance_rule r WHERE r.key = p.payload::jsonb ->> 'key')
        END
        WHEN p.policy = 'parameter_change' THEN CASE NEW.failure
            WHEN '' THEN EXISTS (SELECT FROM public.governance_parameter n WHERE n.mandate_id = m.id)
            ELSE (p.payload::jsonb ->> 'replaces')::integer IS DISTINCT FROM (
                SELECT max(n.version) FROM public.governance_parameter n WHERE n.name = p.payload::jsonb ->> 'name')
        END
        ELSE true
    END
    FROM public.governance_mandate m JOIN public.governance_proposal p ON p.id = m.proposal_id
    WHERE m.id = NEW.mandate_id
"""

# As in 0003, but by the latest version that applies (E9), and with the same options in a second reading.
PUBLISHING = (
    import_module("governance.migrations.0003_votes")
    .PUBLISHING.replace(
        "AND NOT EXISTS (SELECT FROM public.governance_rule n WHERE n.key = r.key AND n.version > r.version);",
        """AND r.applies_from <= moment AND NOT EXISTS (
            SELECT FROM public.governance_rule n
            WHERE n.key = r.key AND n.version > r.version AND n.applies_from <= moment);""",
    )
    .replace(
        "AND f.title = NEW.title AND f.text = NEW.text",
        """AND f.title = NEW.title AND f.text = NEW.text AND f.method = NEW.method
            AND public.governance_canonical_options(f.id) = public.governance_canonical_options(NEW.id)""",
    )
)


class Migration(migrations.Migration):
    """Install the guards and the rights of the site."""

    dependencies: ClassVar = [("governance", "0014_rules_as_rows")]
    operations: ClassVar = [
        migrations.RunSQL(PARAMETER, migrations.RunSQL.noop),
        guards.Procedure(
            "rule_is_what_the_vote_said",
            table="governance_rule",
            definer=True,
            body=RULE_SAID,
            declare="said jsonb; old public.governance_rule;",
        ),
        guards.Grant("governance_rule", "INSERT"),
        guards.Procedure(
            "parameter_is_what_the_vote_said",
            table="governance_parameter",
            definer=True,
            body=PARAMETER_SAID,
            declare="said jsonb; latest integer;",
        ),
        guards.AppendOnly("governance_parameter", otherwise="A number is replaced by a new version, never rewritten."),
        guards.Grant("governance_parameter", "SELECT", "INSERT"),
        guards.Guard(
            "enactment_wrote_the_rule_it_says",
            table="governance_enactment",
            holds=f"({WROTE})",
            otherwise="A vote on a rule is carried out by its row, and fails only when another came before it.",
            definer=True,
        ),
        guards.Procedure(
            "proposal_stands_once_published",
            table="governance_proposal",
            on="UPDATE",
            definer=True,
            body=PUBLISHING,
            declare="moment timestamptz; rule public.governance_rule;",
        ),
    ]
