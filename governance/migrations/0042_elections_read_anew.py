"""An election is a proposal with the column that rivals brought: what returns one is written anew."""

from importlib import import_module
from typing import ClassVar

from django.db import migrations

ELECTION = import_module("governance.migrations.0026_elections_guards").FACTS.partition("-- A call that may")[0]


class Migration(migrations.Migration):
    """A function that returns rows of a table keeps the columns of the day it was written."""

    dependencies: ClassVar = [("governance", "0041_officeacts_guards")]
    operations: ClassVar = [
        migrations.RunSQL(ELECTION.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION")),
    ]
