"""Promises about muting: it is a case. Nothing but a panel's decision that stands, in its time, keeps a word back."""

from typing import ClassVar

from django.db import migrations

from coop.database import guards

MUTED = "A panel decided that this person does not write here for now; an appeal takes the effect away."


class Migration(migrations.Migration):
    """Install the guards."""

    dependencies: ClassVar = [("governance", "0021_votes_of_many")]
    operations: ClassVar = [
        guards.Guard(
            "mute_is_a_decision_that_stands",
            table="governance_message",
            holds="NOT public.governance_bars(NEW.author_id, ARRAY['mute'])",
            otherwise=MUTED,
            definer=True,
        ),
        guards.Guard(
            "mute_reaches_threads_alike",
            table="governance_thread",
            holds="NOT public.governance_bars(NEW.opened_by_id, ARRAY['mute'])",
            otherwise=MUTED,
            definer=True,
        ),
    ]
