"""An account's bounds are compared in the trigger's condition, and its guard called only if one changes (0095)."""

from typing import ClassVar

from django.db import migrations

NEW, OLD = (
    ", ".join(f"{row}.{column}" for column in ("code", "kind", "currency", "floor", "ceiling", "tracked"))
    for row in ("NEW", "OLD")
)
ONLY_WHEN_THEY_CHANGE = f"""
CREATE OR REPLACE TRIGGER payments_account_is_frozen BEFORE UPDATE ON public.payments_account FOR EACH ROW
    WHEN (ROW({NEW}) IS DISTINCT FROM ROW({OLD}))
    EXECUTE FUNCTION public.guard_payments_account_is_frozen();
ALTER TABLE public.payments_account ENABLE ALWAYS TRIGGER payments_account_is_frozen;
"""


class Migration(migrations.Migration):
    """Spare each transfer two calls."""

    dependencies: ClassVar = [("payments", "0092_no_file_holds_for_long")]
    operations: ClassVar = [migrations.RunSQL(ONLY_WHEN_THEY_CHANGE)]
