"""Start Workhall on this machine: database, site and background jobs, with one command."""

import errno
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser

from coop import serving
from coop.database import access
from coop.database.embedded import Cluster, Unavailable, make_state
from coop.serving import Place

BUSY = f"Workhall is already running on {settings.STATE_DIR}. Stop it with Ctrl-C there, or set WORKHALL_STATE."
FULL = "The disk is full: make room, or set WORKHALL_STATE to a folder on another disk."


class Command(BaseCommand):
    """`manage.py up`: serve the site until Ctrl-C; a second start finds everything as it was."""

    help = __doc__
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("--host", default="127.0.0.1", help="where to listen (127.0.0.1: this machine only)")
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="web processes (one per core)")
        parser.add_argument("--empty", action="store_true", help="do not found the demonstration")

    def handle(self, *_arguments: Any, **options: Any) -> None:
        """Start everything, wait, and stop everything; every failure is one clear message."""
        place = Place(options["host"], options["port"], options["workers"])
        serving.listen_for_the_end()
        try:
            with _only_one():
                serving.claim_port(place)
                with access.ready() as urls:
                    self.prepare(urls, empty=options["empty"])
                    self.serve(place, urls.web)
        except Unavailable as error:
            raise CommandError(str(error)) from error
        except KeyboardInterrupt:
            self.stdout.write("Stopped. The data stay.")
        except OSError as error:
            if error.errno in {errno.ENOSPC, errno.EDQUOT}:
                raise CommandError(FULL) from error
            raise

    def prepare(self, urls: access.Access, *, empty: bool) -> None:
        """Bring the schema up to date as the owner, found the demonstration, collect the static files."""
        for name in ("secret_key", "payout_keys", "signing_key"):
            Cluster(settings.STATE_DIR).secret(name)
        self.say("Preparing the database …")
        serving.run(["migrate", "--verbosity", "0", "--no-input"], url=urls.owner)
        # DRF's own pages are switched off, their files with them.
        call_command("collectstatic", verbosity=0, interactive=False, ignore_patterns=["rest_framework"])
        if not empty:
            self.found(urls)

    def found(self, urls: access.Access) -> None:
        """Found the demonstration cooperative in an empty database, and go on where a killed start left off."""
        if _founded(urls.web) is None:
            self.say("Founding the demonstration cooperative …")
            serving.run(["demo", "found"], url=urls.owner)
        if _founded(urls.web) and not _has_work(urls.web):
            self.say("Letting its first days happen …")
            serving.run(["demo", "live"], url=urls.web)

    def serve(self, place: Place, url: str) -> None:
        """Serve until we are asked to stop."""
        with serving.running(place, url) as site:
            serving.wait_until_it_answers(site)
            self.greet(place, url)
            serving.wait_for_the_end(site)
            self.say("\nStopping …")
        self.say("Stopped. The data stay.")

    def greet(self, place: Place, url: str) -> None:
        """Say where the site is and, in a demonstration, whom to sign in as."""
        self.say(self.style.SUCCESS(f"\nWorkhall stands at {place.origin}   (Ctrl-C stops it)\n"))
        found = _founded(url)
        if found is None:
            self.say("No cooperative has been founded yet: see `manage.py found --help`.")
        elif found:
            _introduce(self)

    def say(self, text: str) -> None:
        """Write a line at once, also into a log."""
        self.stdout.write(text)
        self.stdout.flush()


def _introduce(command: Command) -> None:
    from coop.demo import founding  # noqa: PLC0415 - only a demonstration knows its cast

    command.say(f"Sign in with the password {founding.PASSWORD} as one of:")
    for role in founding.CAST:
        command.say(f"  {role.email:38} {role.about}")


@contextmanager
def _only_one() -> Iterator[None]:
    """Hold this state folder for one `up` at a time; a killed one has let go. Raises Unavailable."""
    make_state(settings.STATE_DIR)
    with (settings.STATE_DIR / "up.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise Unavailable(BUSY) from error
        yield


def _founded(url: str) -> bool | None:
    """Tell whether the cooperative of this database is a demonstration; None if none was founded."""
    with psycopg.connect(url) as connection:
        row = connection.execute("SELECT simulated FROM coop_cooperative").fetchone()
    return row[0] if row else None


def _has_work(url: str) -> bool:
    """Tell whether the first days have happened: they end with a proposal, all in one transaction."""
    with psycopg.connect(url) as connection:
        return connection.execute("SELECT 1 FROM governance_proposal LIMIT 1").fetchone() is not None
