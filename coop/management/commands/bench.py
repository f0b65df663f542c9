"""Measure the platform against named references on this machine and print a table."""

import subprocess
import sys
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError


class Command(BaseCommand):
    """`manage.py bench`: run `tests/bench` in a process of its own."""

    help = __doc__
    requires_system_checks: list[str] = []

    def handle(self, **_options: Any) -> None:
        """Run it; say so if it fails."""
        if subprocess.call([sys.executable, "-m", "tests.bench"], cwd=settings.BASE_DIR):
            message = "The benchmark failed; its message stands above."
            raise CommandError(message)
