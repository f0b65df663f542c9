"""How a kind of work is answered may be any kind of answer by name: which of them the site knows is its own code."""

from importlib import import_module
from typing import ClassVar

from django.db import migrations

KINDS = import_module("payments.migrations.0025_new_kinds")
SAYABLE = KINDS.changed(
    KINDS.SAYABLE,
    ("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION"),
    (
        "AND EXISTS (SELECT FROM public.payments_worktype t WHERE t.shape = said ->> 'shape')",
        "AND said ->> 'shape' ~ '^[a-z][a-z_]{1,29}$' AND said ->> 'shape' <> ALL (ARRAY['hearing', 'finding'])",
    ),
)


class Migration(migrations.Migration):
    """Let votes name kinds of answer that no work has had yet."""

    dependencies: ClassVar = [("payments", "0051_raises")]
    operations: ClassVar = [migrations.RunSQL(SAYABLE)]
