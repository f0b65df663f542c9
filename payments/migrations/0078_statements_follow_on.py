"""A bank's statement follows on the one of its account that was read before it."""

from importlib import import_module
from typing import ClassVar

from django.db import migrations

from coop.database import guards

in_office = import_module("payments.migrations.0009_offices").in_office
# Two that are read at the same moment come one after the other.
FOLLOWS = f"""
    {guards.in_the_present("statements_follow_on")}
    PERFORM pg_advisory_xact_lock('public.payments_bankstatement'::regclass::oid::bigint);
    SELECT * INTO before FROM public.payments_bankstatement s
        WHERE split_part(s.number, '/', 1) = split_part(NEW.number, '/', 1) ORDER BY s.id DESC LIMIT 1;
    IF (NEW.number ~ '^[^/]+/.' AND (before.id IS NULL OR
        NEW.opening = before.closing AND NEW.currency = before.currency)) IS NOT TRUE
    THEN
        {guards.refuse("statements_follow_on", "A statement opens with what the last one of its account closed with.")}
    END IF;
    RETURN NEW;
"""


class Migration(migrations.Migration):
    """Let none be left out."""

    dependencies: ClassVar = [("payments", "0077_deposits_proved")]
    operations: ClassVar = [
        guards.Procedure(
            "statements_follow_on", table="payments_bankstatement", body=FOLLOWS, declare="before record;", definer=True
        )
    ]
