"""What jobs of a kind usually pay, told to every client alike, of no single client: read past the compartments."""

from typing import ClassVar

from django.db import migrations

from coop.database import guards

# With the owner's eyes, as a view is: a request in a client's name sees no other's jobs. Fewer than four jobs, or jobs
# of one client alone, would tell what one client offers.
USUAL = """
CREATE VIEW public.tasks_usual_pay AS
SELECT work_type_id, percentile_disc(0.25) WITHIN GROUP (ORDER BY pay) AS least,
    percentile_disc(0.75) WITHIN GROUP (ORDER BY pay) AS most
FROM public.tasks_job WHERE opened_at > public.coop_now() - interval '12 months' AND NOT is_onboarding
GROUP BY work_type_id HAVING count(*) >= 4 AND count(DISTINCT client_id) >= 2;
"""


class Migration(migrations.Migration):
    """Add the view."""

    dependencies: ClassVar = [("tasks", "0084_more_compartments")]
    operations: ClassVar = [migrations.RunSQL(USUAL), guards.Grant("tasks_usual_pay", "SELECT")]
