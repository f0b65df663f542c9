"""Declining work is protected (7.9): who skipped or left a task is presumed to be retaliated against."""

from typing import ClassVar

from django.db import migrations

PROTECTED = """
CREATE OR REPLACE VIEW public.governance_protected_work AS
    SELECT r.person_id, 'reported' AS kind, r.at FROM public.tasks_report r
    UNION ALL SELECT a.person_id, 'declined', a.decided_at FROM public.tasks_assignment a
    WHERE a.state IN ('skipped', 'left');
"""


class Migration(migrations.Migration):
    """See it."""

    dependencies: ClassVar = [("tasks", "0069_files_for_later"), ("governance", "0057_numbers_decide")]
    operations: ClassVar = [migrations.RunSQL(PROTECTED, migrations.RunSQL.noop)]
