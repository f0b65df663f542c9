"""What a service says of a payout is written under the name that we gave the payout, and nothing else is.

The name is known before: a line of nobody's payout that took it kept the true word out for good, and what had not
arrived was never given back.
"""

from typing import ClassVar

from django.db import migrations

from coop.database import guards

NAMED = """(NEW.event !~ '^WORKHALL-PAYOUT-'
    OR NEW.event = 'WORKHALL-PAYOUT-' || NEW.payout_id || '/' || NEW.outcome
    OR (NEW.event = 'WORKHALL-PAYOUT-' || NEW.payout_id || '/verdict' AND NEW.outcome IN ('settled', 'failed'))
    OR (NEW.event = 'WORKHALL-PAYOUT-' || NEW.payout_id || '/fee' AND NEW.outcome IN ('fee', 'partial')))"""


class Migration(migrations.Migration):
    """Ask whose name it is."""

    dependencies: ClassVar = [("payments", "0106_keys_of_a_thing")]
    operations: ClassVar = [
        guards.Guard(
            "words_of_a_payout_are_its_own",
            table="payments_railevent",
            holds=NAMED,
            otherwise="What is written under the name of a payout is what a service says of that payout.",
        )
    ]
