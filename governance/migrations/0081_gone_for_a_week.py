"""The seat of a winner who left is called for anew once they have been away for a week (N12)."""

from typing import ClassVar

from django.db import migrations

from coop.database import guards

EXPELLED = "WHERE m.id = NEW.mandate_id AND public.governance_status(o.person_id) = 'expelled'"
# A week cannot be made within the transaction that calls the vote failed, and whoever left was told meanwhile.
GONE = """WHERE m.id = NEW.mandate_id AND (
                        SELECT s.status = 'expelled'
                            OR s.status = 'left' AND s.since <= public.coop_now() - interval '168 hours'
                        FROM public.governance_standing s WHERE s.person_id = o.person_id ORDER BY s.id DESC LIMIT 1
                    )"""


class Migration(migrations.Migration):
    """Ask since when the winner is gone."""

    dependencies: ClassVar = [("governance", "0080_refused_for_good_alone")]
    operations: ClassVar = [guards.Edited("guard_enactment_did_what_was_voted", (EXPELLED, GONE))]
