"""Who sent a payout and who confirmed it is written down for the person whose money it is, by the database itself."""

from importlib import import_module

from django.db import migrations

told = import_module("governance.migrations.0041_officeacts_guards").told
SENT = told(
    "payments_payout", "sent_payout", on="UPDATE", office="sent_by_id", subject="payout",
    when="OLD.state = 'requested' AND NEW.state = 'sent'",
)  # fmt: skip
SETTLED = told(
    "payments_payout", "settled_payout", on="UPDATE", office="settled_by_id", subject="payout",
    when="OLD.state = 'sent' AND NEW.state IN ('settled', 'failed')",
)  # fmt: skip


class Migration(migrations.Migration):
    """Install what writes it."""

    dependencies = [("payments", "0018_rhythm_guards"), ("governance", "0041_officeacts_guards")]
    operations = [
        migrations.RunSQL(SENT, migrations.RunSQL.noop),
        migrations.RunSQL(SETTLED, migrations.RunSQL.noop),
    ]
