"""Hearings by the constitution's numbers, rules of conduct by vote, and bounds on what wears a hearing down."""

from importlib import import_module
from typing import ClassVar

from django.db import migrations

from coop.database import guards

earlier = import_module("governance.migrations.0012_cases_and_lots")

# As they applied when the case was opened: a vote never reaches a running case.
NUMBERS = """
CREATE FUNCTION public.governance_number_at(named text, moment timestamptz) RETURNS bigint LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT p.value::bigint FROM public.governance_parameter p
    WHERE p.name = named AND p.applies_from <= moment ORDER BY p.version DESC LIMIT 1;
END;
CREATE FUNCTION public.governance_reply_time(file public.governance_case) RETURNS interval LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT make_interval(hours => 24 * public.governance_number_at('reply_days', file.opened_at)::integer);
END;
CREATE OR REPLACE FUNCTION public.governance_reply_by(file public.governance_case) RETURNS timestamptz
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT file.opened_at + public.governance_reply_time(file) + CASE WHEN EXISTS (
        SELECT FROM public.governance_statement s WHERE s.case_id = file.id AND s.kind = 'more_time'
    ) THEN interval '336 hours' ELSE interval '0' END;
END;
"""

SAYING = earlier.SAYING.replace(
    "AND NEW.said_at <= file.opened_at + interval '360 hours'",
    "AND NEW.said_at <= file.opened_at + public.governance_reply_time(file)",
)
CONVENING = earlier.CONVENING.replace(
    "WHEN 'first' THEN 5 WHEN",
    "WHEN 'first' THEN public.governance_number_at('panel_size', file.opened_at) WHEN",
).replace(
    "NEW.decide_by := began + interval '1080 hours';",
    # 45 days, and always 30 after the answer.
    """NEW.decide_by := began + greatest(
        interval '1080 hours', public.governance_reply_time(file) + interval '720 hours'
    );""",
)

BYLAW = f"""
    IF public.governance_is_founding(NEW.mandate_id) AND public.governance_by_owner() AND NEW.version = 1 THEN
        RETURN NEW;
    END IF;
    {guards.in_the_present("bylaw_is_what_the_vote_said")}
    SELECT p.payload::jsonb INTO said FROM public.governance_mandate m
    JOIN public.governance_proposal p ON p.id = m.proposal_id
    JOIN public.governance_rule r ON r.id = p.rule_id
    WHERE m.id = NEW.mandate_id AND p.policy = 'bylaw_change' AND r.key = 'N14'
        AND public.coop_now() >= m.due_at AND public.coop_now() < m.expires_at;
    NEW.published_at := public.coop_now();
    IF (
        NEW.key = said ->> 'key' AND NEW.title = said ->> 'title' AND NEW.text = said ->> 'text'
        AND said -> 'replaces' = to_jsonb(NEW.version - 1)
        AND NEW.version = 1 + (
            SELECT coalesce(max(b.version), 0) FROM public.governance_bylaw b WHERE b.key = NEW.key
        )
    ) IS NOT TRUE THEN
        {guards.refuse("bylaw_is_what_the_vote_said", "A rule of conduct changes by a vote under N14, as voted.")}
    END IF;
    RETURN NEW;
"""

SCOPE = """NEW.kind <> 'emergency' OR NEW.scope = (
    SELECT p.scope FROM public.governance_pause p WHERE p.id = NEW.pause_id
)"""

# Their case is open until it is decided, or void.
PILED = """NEW.kind <> 'charge' OR NOT EXISTS (
    SELECT FROM public.governance_case c WHERE c.person_id = NEW.person_id AND c.charged_by_id = NEW.charged_by_id
        AND c.kind = 'charge' AND c.opened_at > public.coop_now() - interval '1080 hours'
        AND NOT EXISTS (SELECT FROM public.governance_decision d WHERE d.case_id = c.id)
)"""

DECLINING = """NEW.side <> 'self' OR (
    SELECT count(*) FILTER (WHERE r.side = 'self') < max(p.size) * 2 / 5
    FROM public.governance_panelseat mine
    JOIN public.governance_panel p ON p.id = mine.panel_id
    JOIN public.governance_panelseat s ON s.panel_id = p.id
    LEFT JOIN public.governance_seatrefusal r ON r.seat_id = s.id
    WHERE mine.id = NEW.seat_id
)"""


class Migration(migrations.Migration):
    """Replace what changed and install what is new."""

    dependencies: ClassVar = [("governance", "0015_rule_guards")]
    operations: ClassVar = [
        migrations.RunSQL(NUMBERS, migrations.RunSQL.noop),
        guards.Procedure(
            "statement_is_a_partys_in_its_time",
            table="governance_statement",
            body=SAYING,
            declare=earlier.FILE,
            definer=True,
        ),
        guards.Procedure(
            "panel_is_convened_by_its_case",
            table="governance_panel",
            body=CONVENING,
            declare=f"{earlier.FILE} began timestamptz;",
            definer=True,
        ),
        guards.Procedure(
            "bylaw_is_what_the_vote_said", table="governance_bylaw", body=BYLAW, declare="said jsonb;", definer=True
        ),
        guards.Grant("governance_bylaw", "INSERT"),
        guards.Guard(
            "prolonging_keeps_the_scope",
            table="governance_case",
            holds=SCOPE,
            definer=True,
            otherwise="A prolonged pause reaches no further than the pause did.",
        ),
        guards.Guard(
            "charges_are_not_piled_up",
            table="governance_case",
            holds=PILED,
            definer=True,
            otherwise="One charge of yours against this member is open; wait for its decision.",
        ),
        guards.Guard(
            "few_drawn_members_decline",
            table="governance_seatrefusal",
            holds=DECLINING,
            definer=True,
            otherwise="Two in five of a panel may decline their seats, or the lot would be chosen by declining.",
        ),
    ]
