"""An address stands until its person's vote really closes, the 72 hours included by which a vote may go on (P7)."""

from importlib import import_module
from typing import ClassVar

from django.db import migrations

from coop.database import guards

BEFORE = import_module("governance.migrations.0010_addresses_and_votes")
# Only a vote whose first end was less than 72 hours ago can still be going on: no other is asked about.
STANDING = BEFORE.STANDING.replace(
    "p.closes_at > public.coop_now()",
    """p.closes_at > public.coop_now() - interval '72 hours'
            AND public.governance_close_of(p.id) > public.coop_now()""",
)


class Migration(migrations.Migration):
    """Install the guard anew."""

    dependencies: ClassVar = [("governance", "0026_elections_guards")]
    operations: ClassVar = [
        guards.Procedure(
            "address_stands_during_a_vote", table="people_person", on="UPDATE", body=STANDING, definer=True
        ),
    ]
