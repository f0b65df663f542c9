"""The promise that a vote on pay is not ticked off without its rate, nor called overtaken while it is not."""

from typing import ClassVar

from django.db import migrations

from coop.database import guards

SAID = """
    SELECT p.policy <> 'rate_change' OR CASE NEW.failure
        WHEN '' THEN EXISTS (SELECT FROM public.payments_rate r WHERE r.mandate_id = m.id)
        ELSE (p.payload::jsonb ->> 'replaces')::integer IS DISTINCT FROM (
            SELECT max(r.version) FROM public.payments_rate r
            WHERE r.work_type_id = (p.payload::jsonb ->> 'work_type')::bigint
        )
    END
    FROM public.governance_mandate m JOIN public.governance_proposal p ON p.id = m.proposal_id
    WHERE m.id = NEW.mandate_id
"""


class Migration(migrations.Migration):
    """Watch the enactments of votes on rates."""

    dependencies: ClassVar = [("payments", "0002_guards"), ("governance", "0003_votes")]
    operations: ClassVar = [
        guards.Guard(
            "enactment_wrote_the_rate_it_says",
            table="governance_enactment",
            holds=f"({SAID})",
            otherwise="A vote on pay is carried out by its rate, and fails only when another rate came before it.",
            definer=True,
        ),
    ]
