"""Take pictures of the main pages of a running demonstration.

    WORKHALL_STATE=… uv run manage.py up --port 8301
    WORKHALL_STATE=… uv run python -m tests.browser.pictures http://127.0.0.1:8301 FOLDER [NAME …]

Names are as job-wide-light; without any, all are taken. The demonstration's clock jumps to where a vote is open.
"""

import os
import sys
import uuid
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "coop.settings")
django.setup()

from playwright.sync_api import Browser, Page  # noqa: E402 - Django stands before its models are imported

from coop import clock  # noqa: E402
from coop.database import access  # noqa: E402
from coop.demo.life import person  # noqa: E402
from coop.people.models import Person  # noqa: E402
from governance import offices, voting  # noqa: E402
from governance.models import Proposal  # noqa: E402
from payments import payouts  # noqa: E402
from tasks import answers, claims, reviews  # noqa: E402
from tasks.models import Assignment, AssignmentState, Job  # noqa: E402
from tests.browser.conftest import PHONE, chromium, sign_in  # noqa: E402

SCREENS: dict[str, dict[str, Any]] = {"phone": PHONE, "wide": {"viewport": {"width": 1280, "height": 800}}}


def prepare() -> dict[str, tuple[str, str]]:
    """Bring the demonstration to where every page has something to show; return who looks at which address."""
    vote = Proposal.objects.filter(opens_at__isnull=False).latest("pk")
    matching = Job.objects.get(title="Are these the same product?")
    comparing = Job.objects.get(title="Which answer is better?")
    amina, luis = person("Amina"), person("Luis")
    assert vote.opens_at is not None
    if clock.now() < vote.opens_at:
        for who in (amina, luis, amina, luis, amina):
            compare(comparing, who)
        clock.advance(vote.opens_at - clock.now() + timedelta(days=1))
        earn_and_ask(amina, luis)
        compare(comparing, amina)
        for name in ("Grace", "Omar", "Priya", "Rosa", "Yusuf"):
            voting.cast(vote, "yes", by=person(name), at=clock.now())
    return {
        "landing": ("", "/"),
        "sign-in": ("", "/account/login/"),
        "home": ("Amina", "/"),
        "board": ("Amina", "/jobs/"),
        "job": ("Amina", f"/jobs/{matching.pk}/"),
        "task": ("Amina", f"/work/{task_of(matching, amina).pk}/"),
        "comparison": ("Rosa", f"/work/{task_of(comparing, person('Rosa')).pk}/"),
        "start": ("Nia", "/start/"),
        "pay": ("Amina", "/pay/"),
        "votes": ("Amina", "/votes/"),
        "proposal": ("Dinesh", f"/votes/{vote.pk}/"),
        "ballot": ("Zainab", f"/votes/{vote.pk}/ballot/"),
        "client": ("Olga", "/c/orbit/"),
        "client-job": ("Olga", f"/c/orbit/jobs/{matching.pk}/"),
        "record": ("", "/record/"),
        "desk": ("Teresa", "/desk/"),
    }


def compare(job: Job, who: Person) -> None:
    """Let a member compare two answers."""
    at = clock.now()
    value = {"preference": "a_little", "reason": "The first names the step that the second leaves out.", "shown": "ab"}
    assignment = claims.claim_next(job, by=who, at=at)
    answers.submit(assignment, value=value, key=uuid.uuid4(), seconds=210, by=who, at=at)


def earn_and_ask(first: Person, second: Person) -> None:
    """Let silence accept what two members did, both ask for a payout, and the second one's be on its way."""
    at = clock.now()
    while reviews.accept_silent(at=at, limit=1000):
        continue
    one, two = (
        payouts.request(who, amount=Decimal("1.50"), key=uuid.uuid4(), by=who, at=at) for who in (first, second)
    )
    assert one.pk
    payouts.send(two, reference="MP-4711", by=offices.require(person("Teresa"), "treasurer", at), at=at)


def task_of(job: Job, who: Person) -> Assignment:
    """Return the task that a member has open in a job, or claim one."""
    at = clock.now()
    begun = Assignment.objects.filter(person=who, job=job, state=AssignmentState.CLAIMED, expires_at__gt=at)
    return begun.first() or claims.claim_next(job, by=who, at=at)


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
