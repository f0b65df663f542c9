"""The promise that what is done with data about people changes by a vote under N8 alone, as voted."""

from typing import ClassVar

from django.db import migrations

from coop.database import guards

# The founding meeting writes the first uses, and its event comes last: after it, its mandate brings in nothing more.
SAID = f"""
    IF public.governance_is_founding(NEW.mandate_id) AND public.governance_by_owner() AND NEW.version = 1
        AND NOT EXISTS (SELECT FROM public.record_event e WHERE e.kind = 'governance.founded')
    THEN
        RETURN NEW;
    END IF;
    {guards.in_the_present("data_use_is_what_the_vote_said")}
    SELECT p.payload::jsonb INTO said FROM public.governance_mandate m
    JOIN public.governance_proposal p ON p.id = m.proposal_id
    JOIN public.governance_rule r ON r.id = p.rule_id
    WHERE m.id = NEW.mandate_id AND p.policy = 'data_use_change' AND r.key = 'N8'
        AND p.payload IS JSON OBJECT WITH UNIQUE KEYS
        AND public.coop_now() >= m.due_at AND public.coop_now() < m.expires_at;
    NEW.published_at := public.coop_now();
    NEW.applies_from := NEW.published_at + interval '360 hours';
    IF (
        said = jsonb_build_object(
            'key', NEW.key, 'title', NEW.title, 'data', NEW.data, 'whose', NEW.whose, 'purpose', NEW.purpose,
            'seen_by', NEW.seen_by, 'kept', NEW.kept, 'decides', NEW.decides, 'in_use', NEW.in_use,
            'replaces', NEW.version - 1)
        AND NEW.version = 1 + (
            SELECT coalesce(max(u.version), 0) FROM public.governance_datause u WHERE u.key = NEW.key
        )
    ) IS NOT TRUE THEN
        {guards.refuse("data_use_is_what_the_vote_said", "A use of data changes by a vote under N8, as voted.")}
    END IF;
    RETURN NEW;
"""

# E10: clients are among everybody. A vote opens to everybody only what was open before, and renames nobody's data.
CLOSED = """
    public.governance_is_founding(NEW.mandate_id) OR (
        NOT EXISTS (
            SELECT FROM public.governance_datause u WHERE u.key = NEW.key AND u.whose <> NEW.whose
        )
        AND (
            NEW.whose = 'clients' OR NEW.seen_by !~ '(^|,)public(,|$)' OR EXISTS (
                SELECT FROM public.governance_datause u
                WHERE u.key = NEW.key AND u.version = NEW.version - 1 AND u.seen_by ~ '(^|,)public(,|$)'
            )
        )
    )
"""

WROTE = """
    SELECT CASE
        WHEN p.policy = 'data_use_change' THEN CASE NEW.failure
            WHEN '' THEN EXISTS (SELECT FROM public.governance_datause u WHERE u.mandate_id = m.id)
            ELSE (p.payload::jsonb ->> 'replaces')::integer IS DISTINCT FROM (
                SELECT coalesce(max(u.version), 0) FROM public.governance_datause u
                WHERE u.key = p.payload::jsonb ->> 'key')
        END
        ELSE true
    END
    FROM public.governance_mandate m JOIN public.governance_proposal p ON p.id = m.proposal_id
    WHERE m.id = NEW.mandate_id
"""


class Migration(migrations.Migration):
    """Install the guards and the rights of the site."""

    dependencies: ClassVar = [("governance", "0049_data_uses"), ("record", "0001_initial")]
    operations: ClassVar = [
        guards.Procedure(
            "data_use_is_what_the_vote_said",
            table="governance_datause",
            definer=True,
            body=SAID,
            declare="said jsonb;",
        ),
        guards.Guard(
            "members_data_reach_no_client_by_another_name",
            table="governance_datause",
            holds=CLOSED,
            otherwise="Data about members that are not public stay so, and stay data about members (E10).",
            definer=True,
        ),
        guards.AppendOnly(
            "governance_datause", otherwise="A use of data is replaced by a new version, never rewritten."
        ),
        guards.Grant("governance_datause", "SELECT", "INSERT"),
        guards.Guard(
            "enactment_wrote_the_data_use_it_says",
            table="governance_enactment",
            holds=f"({WROTE})",
            otherwise="A vote on data is carried out by its row, and fails only when another came before it.",
            definer=True,
        ),
    ]
