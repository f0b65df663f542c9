"""Announce the schema of the next release: seven days later `migrate` may put it in force."""

import re
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from coop import clock
from coop.audit import releases
from coop.database import access

DIGEST = re.compile(r"[0-9a-f]{64}")


class Command(BaseCommand):
    """`manage.py announce DIGEST`: the digest is what `migrate` prints on a copy of the database."""

    help = __doc__
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare what is announced."""
        parser.add_argument("digest", help="of the schema, 64 hexadecimal digits")

    def handle(self, *_arguments: Any, **options: Any) -> None:
        """Write the announcement into the record."""
        if not DIGEST.fullmatch(options["digest"]):
            message = "A digest is 64 hexadecimal digits, as `migrate` prints it on a copy of the database."
            raise CommandError(message)
        with access.as_web():
            at = clock.now()
            releases.announce(options["digest"], at=at)
        self.stdout.write(f"Announced. It may be put in force from {at + releases.NOTICE:%Y-%m-%d %H:%M} UTC on.")
