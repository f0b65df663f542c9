"""A tally is counted once: whoever asks for it says nothing, and the database writes what the ballots say."""

from importlib import import_module
from typing import ClassVar

from django.db import migrations

from coop.database import guards

# What is said must still be what the ballots say; what is left out is written here.
TALLYING = import_module("governance.migrations.0018_petition_guards").TALLYING.replace(
    """IF (
        NEW.counts = counted
        AND NEW.passed = (SELECT""",
    """SELECT coalesce(NEW.counts, counted), coalesce(NEW.passed, said.passed) INTO NEW.counts, NEW.passed
    FROM (SELECT bool_and((part.value ->> 'met')::boolean) AS passed FROM jsonb_each(counted) part) said;
    IF (
        NEW.counts = counted
        AND NEW.passed = (SELECT""",
)


class Migration(migrations.Migration):
    """Install the guard anew."""

    dependencies: ClassVar = [("governance", "0032_reports_guards")]
    operations: ClassVar = [
        guards.Procedure(
            "tally_is_what_the_ballots_say",
            table="governance_tally",
            definer=True,
            body=TALLYING,
            declare="counted jsonb;",
        ),
    ]
