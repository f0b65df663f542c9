"""Build the demonstration cooperative in an empty database; `up` calls it in its two halves."""

import argparse
from typing import Any

from django.core.management.base import BaseCommand
from django.db import transaction

from coop import clock, demo


class Command(BaseCommand):
    """`demo found` as the owner writes the founding; `demo live` as the web role lets its first days happen."""

    help = __doc__
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare which half."""
        parser.add_argument("half", choices=["found", "live"])

    def handle(self, *, half: str, **_options: Any) -> None:
        """Do one half, whole or not at all."""
        with transaction.atomic():
            if half == "found":
                demo.build(clock.now())
            else:
                demo.populate(clock.now())
