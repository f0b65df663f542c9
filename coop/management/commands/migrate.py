"""Django's own `migrate`, which then writes the schema's fingerprint into the record."""

from typing import Any

from django.core.management.commands import migrate
from django.db import connection

from coop import clock
from coop.audit import reading, schema


class Command(migrate.Command):
    """Every change of the schema becomes an event: whoever migrates cannot do so unseen."""

    def handle(self, *arguments: Any, **options: Any) -> None:
        """Migrate, let auditors read, then record what stands."""
        super().handle(*arguments, **options)
        if not options.get("plan") and not options.get("check_unapplied") and _has_guards():
            reading.let_read()
            self.say(schema.record(clock.now()))

    def say(self, digest: str | None) -> None:
        """Print the digest of a schema that is new, for it to be announced where it is not in force yet."""
        if digest is not None:
            self.stdout.write(f"What the database promises now: {digest}")


def _has_guards() -> bool:
    """Tell whether the record stands already; a database may be migrated part of the way."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regprocedure('public.guard_schema_is_recorded_by_its_owner()') IS NOT NULL")
        (stands,) = cursor.fetchone()
    return bool(stands)
