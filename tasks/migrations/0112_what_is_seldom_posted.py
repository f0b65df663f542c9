"""The guards of the work over what is seldom posted stand where those of the books stand (decision 0241)."""

from importlib import import_module
from typing import ClassVar

from django.db import migrations

from coop.database import guards

SELDOM = import_module("payments.migrations.0108_what_is_seldom_posted")
BEFORE = """
deposits_stay_until_weeks_are_counted differences_are_paid_as_found hidden_content_is_paid_as_found
paid_skips_pay_who_skipped refunds_are_counted_anew tips_go_to_who_answered
"""
AFTER = "unclaimed_money_stays_with_an_open_job"
# Where a list is looked through for every transfer: alone, most are these.
FUND = "(2,'client:available'::text,'job:escrow'::text,NULL::integer,NULL::integer), "


class Migration(migrations.Migration):
    """Ask the same, of the same, in the same order."""

    dependencies: ClassVar = [("tasks", "0111_teams_count_for_each"), ("payments", "0108_what_is_seldom_posted")]
    operations: ClassVar = [
        *(migrations.RunSQL(SELDOM.laid(trigger)) for trigger in BEFORE.split()),
        migrations.RunSQL(SELDOM.taken_away(AFTER)),
        guards.Edited("payments_postings", (FUND, ""), (" VALUES ", f" VALUES {FUND}")),
    ]
