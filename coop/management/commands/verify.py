"""Check everything: format, lint, templates, layers, dependencies, types, migrations, deployment, then all tests."""

import os
import subprocess
import sys
import time
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

PYTHON = [sys.executable]
BIN = os.path.dirname(sys.executable)  # noqa: PTH120 - a string, to be joined with names
TEMPLATES = ["coop", "tasks", "payments", "governance"]

STEPS: dict[str, list[str]] = {
    "format": [f"{BIN}/ruff", "format", "--check", "."],
    "lint": [f"{BIN}/ruff", "check", "."],
    "templates, format": [f"{BIN}/djlint", "--check", *TEMPLATES],
    "templates, lint": [f"{BIN}/djlint", "--lint", *TEMPLATES],
    "layers": [f"{BIN}/lint-imports"],
    "dependencies": [f"{BIN}/deptry", "."],
    "types": [f"{BIN}/mypy"],
    "missing migrations": [*PYTHON, "manage.py", "makemigrations", "--check", "--dry-run"],
    "deployment": [*PYTHON, "manage.py", "check", "--deploy", "--fail-level", "WARNING"],
    "tests": [*PYTHON, "-m", "pytest", "-n", "2", "--quiet"],
}

# As on the open internet; neither step asks a database.
PRODUCTION = {
    "WORKHALL_ORIGIN": "https://workhall.example",
    "SECRET_KEY": "a-key-for-the-check-only-with-more-than-fifty-characters-in-it",
    "WORKHALL_SMTP_URL": "smtp://mail.workhall.example",
    "DATABASE_URL": "none:",
}
ENVIRONMENTS = {"deployment": PRODUCTION, "missing migrations": PRODUCTION}


class Command(BaseCommand):
    """`manage.py verify`: the first failing step ends it, by name; pytest's summary stands last."""

    help = __doc__
    requires_system_checks: list[str] = []

    def handle(self, **_options: Any) -> None:
        """Run each step."""
        for name, command in STEPS.items():
            self.stdout.write(self.style.MIGRATE_HEADING(f"{name} …"))
            self.stdout.flush()
            began = time.monotonic()
            environment = os.environ | ENVIRONMENTS.get(name, {})
            if subprocess.call(command, cwd=settings.BASE_DIR, env=environment):  # noqa: S603 - our own commands
                message = f"The step «{name}» failed; its message stands above."
                raise CommandError(message)
            if name != "tests":
                self.stdout.write(f"{name}: good, {time.monotonic() - began:.1f} s")
