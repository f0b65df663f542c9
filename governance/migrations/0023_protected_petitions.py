"""Supporting a proposal, opening a petition and signing one are protected acts too (7.9)."""

from typing import ClassVar

from django.db import migrations

PROTECTED = """
CREATE OR REPLACE VIEW public.governance_protected_act AS
    SELECT p.proposed_by_id AS person_id, 'proposed' AS kind, p.published_at AS at
    FROM public.governance_proposal p WHERE p.published_at IS NOT NULL
    UNION ALL
    SELECT c.charged_by_id, 'complained', c.opened_at FROM public.governance_case c
    WHERE c.kind = 'charge' AND c.office_id IS NULL AND c.seat_id IS NULL
    UNION ALL SELECT t.opened_by_id, 'spoke', t.opened_at FROM public.governance_thread t
    UNION ALL SELECT w.author_id, 'spoke', w.written_at FROM public.governance_message w
    UNION ALL SELECT a.by_id, 'appealed', a.appealed_at FROM public.governance_appeal a
    UNION ALL SELECT s.person_id, 'supported', s.said_at FROM public.governance_support s
    UNION ALL SELECT q.opened_by_id, 'organised', q.opened_at FROM public.governance_petition q
    UNION ALL SELECT g.person_id, 'organised', g.signed_at FROM public.governance_signature g;
"""


class Migration(migrations.Migration):
    """See them."""

    dependencies: ClassVar = [("governance", "0022_mutes")]
    operations: ClassVar = [migrations.RunSQL(PROTECTED, migrations.RunSQL.noop)]
