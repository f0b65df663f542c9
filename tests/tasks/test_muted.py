"""Recordings of what may upset begin without a sound, wherever a page plays them; others begin with theirs."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client as Browser

from coop import clock
from coop.people.models import Client, Person
from tasks import checks, claims, content, disputes, reviews
from tasks.models import Assignment, Ground, Job, Peer
from tests.conftest import person
from tests.tasks import disputing, media_jobs
from tests.tasks.conftest import FORM, SAME, hand_in, work
from tests.tasks.handing_in import sound
from tests.tasks.test_content import HARD

pytestmark = pytest.mark.django_db
type SignedIn = Callable[[Person], Browser]

JUDGED = {"question": "Does it keep to the policy?", "categories": [{"name": "Threats", "about": "of violence"}]}
KINDS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "choice": (FORM, SAME),
    "moderation": (JUDGED, {"decision": "keeps", "found": {}}),
    "transcription": ({"question": "What is said?"}, {"text": "Nothing but a tone."}),
}
PEERS = "luis priya teresa samuel petra"


def asked(client: Client, by: Person, kind: str, **facts: Any) -> Job:
    """Return an open job of a kind, each of its tasks with a recording."""
    of = media_jobs.voted_kind(kind, person("amina"))
    return media_jobs.opened(
        client, by, of=of, form=KINDS[kind][0], given={"tone.wav": sound()}, data=[{"audio": "tone.wav"}] * 12,
        pay=Decimal("0.6"), **facts,
    )  # fmt: skip


def plays(browser: Browser, path: str) -> list[bool]:
    """Tell of each recording that a page plays whether it begins without a sound."""
    page = browser.get(path)
    assert page.status_code == 200, path
    return [" muted" in one.split(">")[0] for one in page.text.split("<audio")[1:]]


def rejected(mine: Assignment, olga: Person) -> Peer:
    """Let the client reject an answer after members learned the work; return the place of one who was drawn."""
    value = KINDS[mine.job.shape.name][1]
    for who in map(person, PEERS.split()):
        reviews.accept(work(mine.job, who, value), by=olga, at=clock.now(), ground=Ground.CLIENT)
    place = next(iter(mine.job.shape.parts(mine.job.form)))
    dispute = disputes.reject(mine, reason=disputing.REASON, place=place, by=olga, at=clock.now())
    return disputing.places(dispute)[0]


@pytest.mark.parametrize(("kind", "hard"), [*((kind, {"content": HARD}) for kind in KINDS), ("choice", {})], ids=str)
def test_on_every_page_that_plays_it(
    orbit: Client, olga: Person, amina: Person, signed_in: SignedIn, kind: str, hard: dict[str, Any]
) -> None:
    for who in map(person, ["amina", *PEERS.split()]):
        content.choose(who, HARD, None, by=who, at=clock.now())
    job = asked(orbit, olga, kind, **hard)
    muted, mine = [bool(hard)], claims.claim_next(job, by=amina, at=clock.now())
    assert plays(signed_in(amina), f"/work/{mine.pk}/") == muted
    assert plays(signed_in(olga), f"/c/orbit/jobs/{job.pk}/preview/") == muted
    hand_in(mine, KINDS[kind][1])
    assert plays(signed_in(amina), f"/work/{mine.pk}/") == muted, "closed"
    checks.take(mine, by=person("luis"), at=clock.now())
    assert plays(signed_in(person("luis")), "/review/") == muted
    assert plays(signed_in(person("luis")), f"/review/{mine.pk}/reject/") == muted


@pytest.mark.parametrize("kind", ["choice", "moderation"])
def test_a_rejected_one_begins_muted_and_covered(
    orbit: Client, olga: Person, amina: Person, signed_in: SignedIn, kind: str
) -> None:
    for who in map(person, ["amina", *PEERS.split()]):
        content.choose(who, HARD, None, by=who, at=clock.now())
    mine = work(asked(orbit, olga, kind, content=HARD), amina, KINDS[kind][1])
    drawn = rejected(mine, olga)
    assert drawn.person is not None
    for who, path in ((drawn.person, f"/looks/{drawn.pk}/"), (amina, f"/work/{mine.pk}/dispute/")):
        assert plays(signed_in(who), path) == [True]
        page = signed_in(who).get(path).text
        assert page.index('<details class="fold shield">') < page.index('<div class="shielded">') < page.index("<audio")
