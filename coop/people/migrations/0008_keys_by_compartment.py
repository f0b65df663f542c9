"""A request that came by a key, or on a client's pages, sees that client's keys alone."""

from typing import ClassVar

from django.db import migrations

from coop.database import guards


class Migration(migrations.Migration):
    """Put the second wall behind the queries for keys."""

    dependencies: ClassVar = [("people", "0007_signed_out")]
    operations: ClassVar = [guards.Compartment("people_apikey", "client_id = {served}")]
