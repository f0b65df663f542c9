"""Voting, standing for a post, reporting, contesting and giving notice are protected acts too (7.9)."""

from importlib import import_module
from typing import ClassVar

from django.db import migrations

BEFORE = import_module("governance.migrations.0023_protected_petitions").PROTECTED
# That somebody voted counts, never how, nor in which vote: nobody reads this view, and a case says only "presumed".
PROTECTED = (
    BEFORE.rstrip().removesuffix(";")
    + """
    UNION ALL SELECT b.person_id, 'voted', b.cast_at FROM public.governance_ballot b
    UNION ALL SELECT o.opened_by_id, 'organised', o.opened_at FROM public.governance_call o
    UNION ALL SELECT y.person_id, 'stood', y.put_forward_at FROM public.governance_candidacy y
    UNION ALL SELECT m.reporter_id, 'complained', m.reported_at FROM public.governance_messagereport m
    UNION ALL SELECT d.author_id, 'complained', d.said_at FROM public.governance_statement d WHERE d.kind = 'contested'
    UNION ALL SELECT r.person_id, 'left', r.given_at FROM public.governance_resignation r;
"""
)


class Migration(migrations.Migration):
    """See them."""

    dependencies: ClassVar = [("governance", "0057_numbers_decide")]
    operations: ClassVar = [migrations.RunSQL(PROTECTED, migrations.RunSQL.noop)]
