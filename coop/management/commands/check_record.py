"""Compute the whole log again from the events and say whether anything was altered."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from coop.record import log


class Command(BaseCommand):
    """`manage.py check_record`: fails at the first event that is not what it was when it was sealed."""

    help = __doc__

    def handle(self, *_arguments: Any, **_options: Any) -> None:
        """Print the head, or say what was altered."""
        head = log.head()
        if altered := log.verify_chain():
            message = f"Place {altered.index}, event {altered.event}: {altered.what}."
            raise CommandError(message)
        self.stdout.write(f"{head.size} events, none altered.\nroot  {head.root.hex()}\nchain {head.chain.hex()}")
