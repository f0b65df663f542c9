"""The fee is voted on too, and no vote on money or access is ticked off without what it says."""

from typing import ClassVar

from django.db import migrations

from coop.database import guards

FOUNDED = """
DROP TRIGGER fee_is_set_by_the_founding_meeting ON public.payments_fee;
DROP FUNCTION public.guard_fee_is_set_by_the_founding_meeting();
"""
FEE = f"""
    {guards.in_the_present("fee_is_what_the_vote_said")}
    SELECT m.proposal_id, m.due_at, m.expires_at, p.policy, p.payload, p.subject, r.key INTO voted
    FROM public.governance_mandate m
    LEFT JOIN public.governance_proposal p ON p.id = m.proposal_id
    LEFT JOIN public.governance_rule r ON r.id = p.rule_id
    WHERE m.id = NEW.mandate_id;
    IF voted.proposal_id IS NULL AND voted.due_at IS NOT NULL THEN
        IF pg_has_role(session_user, 'workhall_owner', 'USAGE') AND NEW.version = 1 THEN
            RETURN NEW;
        END IF;
    ELSIF voted.policy = 'fee_change' AND voted.payload IS JSON OBJECT WITH UNIQUE KEYS THEN
        SELECT coalesce(max(f.version), 0) INTO latest FROM public.payments_fee f;
        IF (voted.payload::jsonb = jsonb_build_object('on_wage', NEW.on_wage, 'training', NEW.training,
                'care', NEW.care, 'replaces', NEW.version - 1)
            AND voted.subject = 'everybody' AND NEW.version = latest + 1
            AND NEW.since BETWEEN voted.due_at AND public.coop_now() AND public.coop_now() < voted.expires_at
            AND public.payments_suffices(voted.key,
                public.payments_needed_rule('fee_change', voted.payload::jsonb))
        ) THEN
            RETURN NEW;
        END IF;
    END IF;
    {guards.refuse("fee_is_what_the_vote_said", "The fee is what a passed vote says, neither earlier nor otherwise.")}
"""

# The version that a mandate about an instrument must have written; and the one that stands where it failed (P3).
SAID = """
    SELECT CASE
        WHEN p.policy = 'rate_change' OR NOT public.payments_is_ours(p.policy) THEN true
        WHEN NEW.failure = '' THEN CASE p.policy
            WHEN 'fee_change' THEN EXISTS (SELECT FROM public.payments_fee f WHERE f.mandate_id = m.id)
            ELSE EXISTS (SELECT FROM public.payments_instrument i WHERE i.mandate_id = m.id) END
        -- It fails because another version came first, or because what it does now needs a stricter rule (G6).
        ELSE (p.payload::jsonb ->> 'replaces')::integer IS DISTINCT FROM CASE p.policy
                WHEN 'fee_change' THEN (SELECT max(f.version) FROM public.payments_fee f)
                ELSE (SELECT coalesce(max(i.version), 0) FROM public.payments_instrument i
                    WHERE i.kind = p.policy AND i.key = p.payload::jsonb ->> 'key') END
            OR NOT public.payments_suffices(r.key, public.payments_needed_rule(p.policy, p.payload::jsonb))
            OR (p.policy <> 'fee_change' AND NOT public.payments_instrument_holds(p.policy,
                p.payload::jsonb ->> 'key', p.payload::jsonb -> 'value'))
    END
    FROM public.governance_mandate m JOIN public.governance_proposal p ON p.id = m.proposal_id
    JOIN public.governance_rule r ON r.id = p.rule_id
    WHERE m.id = NEW.mandate_id
"""


class Migration(migrations.Migration):
    """Put the guard of a vote in the place of the founding meeting's, and watch the enactments."""

    dependencies: ClassVar = [("payments", "0012_replay")]
    operations: ClassVar = [
        migrations.RunSQL(FOUNDED),
        guards.Procedure(
            "fee_is_what_the_vote_said",
            table="payments_fee",
            declare="voted record; latest integer;",
            body=FEE,
            definer=True,
        ),
        guards.Guard(
            "enactment_wrote_the_version_it_says",
            table="governance_enactment",
            holds=f"({SAID})",
            otherwise="A vote on money or access is carried out by its version, and fails only when it cannot be.",
            definer=True,
        ),
    ]
