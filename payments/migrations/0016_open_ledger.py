"""What the public reads of the books: transfers by month, and what each unit of accepted work paid for how long."""

from typing import ClassVar

from django.contrib.postgres.indexes import BrinIndex
from django.db import migrations

from coop.database import guards

# What the work tells: each accepted unit with its pay and the seconds its answers took.
WORK_PAID = """
CREATE VIEW public.payments_work_paid AS
SELECT NULL::bigint AS work_type_id, NULL::bigint AS person_id, NULL::bigint AS amount, NULL::numeric AS seconds,
    NULL::timestamptz AS decided_at WHERE false;
"""


class Migration(migrations.Migration):
    """Find a month's transfers without reading all years."""

    dependencies: ClassVar = [("payments", "0015_disputes")]
    operations: ClassVar = [
        migrations.AddIndex("transfer", BrinIndex(fields=["posted_at"], name="transfers_by_month")),
        migrations.RunSQL(WORK_PAID),
        guards.Grant("payments_work_paid", "SELECT"),
    ]
