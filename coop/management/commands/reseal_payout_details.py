"""Seal all payout details again by the newest key of PAYOUT_KEYS, so that the older ones can be given up."""

from typing import Any

from django.core.management.base import BaseCommand

from coop.database import access
from payments import details


class Command(BaseCommand):
    """`manage.py reseal_payout_details`, after a new key was put before the others."""

    help = __doc__

    def handle(self, **_options: Any) -> None:
        """Seal them one by one; stopped half-way, it goes on when it is called again."""
        with access.as_web():
            count = details.reseal_all()
        self.stdout.write(f"{count} payout details are sealed by the newest key. Give up the older keys now.")
