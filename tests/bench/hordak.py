"""django-hordak at our work: `python -m tests.bench.hordak WHAT WORKER COUNT`, in an environment that has it.

WHAT is `found` (a database of its own with 64 pairs of accounts), `spread` (one transfer in a transaction of its own)
or `batch` (a thousand in one transaction, each by its API, which has no other way). The same money, PostgreSQL,
processes and Django as ours, on its tables and triggers as its migrations make them.
"""

import os
import sys
import time
from typing import Any

import django
from django.conf import settings

from tests.bench import crowd

PAIRS, BATCH = 64, 1_000
APPS = ["django.contrib.contenttypes", "django.contrib.auth", "mptt", "hordak"]


def set_up() -> None:
    """Point Django at the database of the address in DATABASE_URL."""
    import dj_database_url  # type: ignore[import-not-found]  # noqa: PLC0415 - comes with hordak

    settings.configure(
        DATABASES={"default": dj_database_url.parse(os.environ["DATABASE_URL"])},
        INSTALLED_APPS=APPS,
        DEFAULT_AUTO_FIELD="django.db.models.AutoField",
        USE_TZ=True,
        DEFAULT_CURRENCY="USD",
        CURRENCIES=["USD"],
    )
    django.setup()


def found() -> None:
    """Migrate and open the accounts."""
    from django.core.management import call_command  # noqa: PLC0415 - after setup
    from hordak.models import Account  # type: ignore[import-not-found]  # noqa: PLC0415

    call_command("migrate", verbosity=0)
    for number in range(PAIRS):
        for side in ("payer", "job"):
            Account.objects.create(name=f"{side} {number}", type="LI", currencies=["USD"])


def main(what: str, worker: int, count: int) -> None:
    """Wait for the common start, then transfer; tell how long each took."""
    from django.db import transaction  # noqa: PLC0415 - after setup
    from hordak.models import Account  # noqa: PLC0415
    from moneyed import Money  # type: ignore[import-not-found]  # noqa: PLC0415

    named: dict[str, Any] = {account.name: account for account in Account.objects.all()}
    mine = [(named[f"payer {number}"], named[f"job {number}"]) for number in range(worker, PAIRS, 8)]
    cent, times = Money("0.01", "USD"), []
    crowd.wait_for_all()
    for number in range(count):
        began = time.perf_counter()
        with transaction.atomic():
            for place in range(BATCH if what == "batch" else 1):
                payer, job = mine[(number + place) % len(mine)]
                payer.transfer_to(job, cent)
        times.append(time.perf_counter() - began)
    crowd.tell(times)


if __name__ == "__main__":
    set_up()
    if sys.argv[1] == "found":
        found()
    else:
        main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
