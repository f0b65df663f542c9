"""Write the whole books as hledger or beancount reads them, for whoever audits with read access."""

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand
from tqdm import tqdm

from coop.audit.looking import looking
from payments import exports


class Command(BaseCommand):
    """`manage.py export_books --format hledger --to books.journal`. Any role that may read the books will do."""

    help = __doc__
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the form and the place."""
        parser.add_argument("--format", choices=exports.FORMATS, required=True)
        parser.add_argument("--to", type=Path, help="a file; standard output when left out")

    def handle(self, **options: Any) -> None:
        """Write at one moment, showing how far it is."""
        with looking():
            lines = tqdm(exports.FORMATS[options["format"]](), unit=" entries", disable=not sys.stderr.isatty())
            if options["to"] is None:
                self.stdout.writelines(lines)
                return
            with options["to"].open("w", encoding="utf-8") as file:
                file.writelines(lines)
