"""Let a statement name the job, the rate and the time behind each wage."""

from typing import ClassVar

from django.db import migrations

from coop.database import guards

# Empty here: the app that knows the work replaces it, keeping its columns.
ANSWERS = """
CREATE VIEW public.payments_paid_answers AS
SELECT NULL::bigint AS assignment_id, NULL::bigint AS job_id, NULL::varchar(120) AS title, NULL::bigint AS rate_id,
    NULL::numeric AS seconds WHERE false;
"""


class Migration(migrations.Migration):
    """Make the view."""

    dependencies: ClassVar = [("payments", "0029_surplus_asked_once")]
    operations: ClassVar = [migrations.RunSQL(ANSWERS), guards.Grant("payments_paid_answers", "SELECT")]
