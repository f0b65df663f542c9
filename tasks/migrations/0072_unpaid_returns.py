"""Answers sent back for a client and not paid any more, for what a case about them repairs (7.10)."""

from typing import ClassVar

from django.db import migrations

RETURNS = """
CREATE OR REPLACE VIEW public.payments_unpaid_returns AS
SELECT a.person_id, a.pay AS amount, r.at FROM public.tasks_assignment a
JOIN public.tasks_review r ON r.assignment_id = a.id AND r.decision = 'send_back' AND r.ground = 'client'
WHERE a.state IN ('left', 'expired');
"""


class Migration(migrations.Migration):
    """See them."""

    dependencies: ClassVar = [("tasks", "0071_taken_by_programs"), ("payments", "0066_repairs")]
    operations: ClassVar = [migrations.RunSQL(RETURNS, migrations.RunSQL.noop)]
