"""Take pictures of the main pages of a running demonstration.

    WORKHALL_STATE=… uv run manage.py up --port 8301
    WORKHALL_STATE=… uv run python -m tests.browser.pictures http://127.0.0.1:8301 FOLDER [NAME …]

Names are as job-wide-light; without any, all are taken. The demonstration's clock jumps to where a vote is open.
"""

import os
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "coop.settings")
django.setup()

from django.db.models import Q  # noqa: E402 - Django stands before its models are imported
from playwright.sync_api import Browser, Page  # noqa: E402

from coop import clock  # noqa: E402
from coop.database import access  # noqa: E402
from coop.demo.life import person  # noqa: E402
from governance import offices  # noqa: E402
from governance.models import Proposal  # noqa: E402
from payments import payouts  # noqa: E402
from payments.models import Payout  # noqa: E402
from tasks import claims, reviews  # noqa: E402
from tasks.models import OPEN_STATES, Assignment, Job  # noqa: E402
from tests.browser.conftest import PHONE, chromium, sign_in  # noqa: E402

SCREENS: dict[str, dict[str, Any]] = {"phone": PHONE, "wide": {"viewport": {"width": 1280, "height": 800}}}


def prepare() -> dict[str, tuple[str, str]]:
    """Bring the demonstration to where every page has something to show; return who looks at which address."""
    vote = Proposal.objects.filter(opens_at__isnull=False).latest("pk")
    assert vote.opens_at is not None
    if clock.now() < vote.opens_at:
        clock.advance(vote.opens_at - clock.now() + timedelta(days=1))
    at, amina, luis = clock.now(), person("Amina"), person("Luis")
    while reviews.accept_silent(at=at, limit=1000):
        continue
    job = Job.objects.get(title="Are these the same product?")
    if not Payout.objects.exists():
        asked = [
            payouts.request(who, amount=payouts.most(who) / 2, method="M-Pesa 0700 000 000", by=who, at=at)
            for who in (amina, luis)
            if payouts.most(who) >= 2
        ]
        for payout in asked[1:]:
            payouts.send(payout, reference="MP-4711", by=offices.require(person("Teresa"), "treasurer", at), at=at)
    open_now = Assignment.objects.filter(Q(person=amina, job=job, state__in=OPEN_STATES, expires_at__gt=at))
    task = open_now.first() or claims.claim_next(job, by=amina, at=at)
    return {
        "landing": ("", "/"),
        "sign-in": ("", "/account/login/"),
        "board": ("Amina", "/jobs/"),
        "job": ("Amina", f"/jobs/{job.pk}/"),
        "task": ("Amina", f"/work/{task.pk}/"),
        "start": ("Nia", "/start/"),
        "pay": ("Amina", "/pay/"),
        "votes": ("Amina", "/votes/"),
        "proposal": ("Luis", f"/votes/{vote.pk}/"),
        "ballot": ("Luis", f"/votes/{vote.pk}/ballot/"),
        "client": ("Olga", "/c/orbit/"),
        "client-job": ("Olga", f"/c/orbit/jobs/{job.pk}/"),
        "record": ("", "/record/"),
        "desk": ("Teresa", "/desk/"),
    }


def pages(browser: Browser, base: str, looks: dict[str, tuple[str, str]]) -> Iterator[tuple[str, Page]]:
    """Yield every page on every screen in both schemes, with the name of its picture."""
    for size, screen in SCREENS.items():
        for scheme in ("light", "dark"):
            for who in dict.fromkeys(who for who, _path in looks.values()):
                context = browser.new_context(**screen, color_scheme=scheme, base_url=base)
                page = context.new_page()
                if who:
                    sign_in(page, person(who))
                for name, (reader, path) in looks.items():
                    if reader == who:
                        page.goto(path)
                        yield f"{name}-{size}-{scheme}", page
                context.close()


def main(base: str, folder: Path, wanted: set[str]) -> None:
    """Take the pictures; exit with the names of pages that are wider than their screen."""
    too_wide = []
    with access.as_web():
        looks = prepare()
        os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
        with chromium() as browser:
            for name, page in pages(browser, base, looks):
                if not wanted or name in wanted:
                    too_wide += [name] if take(page, folder / f"{name}.png") else []
    sys.exit(f"Wider than the screen: {', '.join(too_wide)}" if too_wide else None)


def take(page: Page, path: Path) -> bool:
    """Take a whole page as if the screen were as high as it, and tell whether it is wider than the screen."""
    size = page.viewport_size
    assert size
    high, wide = page.evaluate("[document.documentElement.scrollHeight, document.documentElement.scrollWidth]")
    page.set_viewport_size({"width": size["width"], "height": high})
    page.screenshot(path=path)
    page.set_viewport_size(size)
    return bool(wide > size["width"])


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), set(sys.argv[3:]))
