"""Each client is a compartment: every address of the site, asked by those who have no part in a client's work."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.contrib import admin
from django.db import connection
from django.db.models import Model
from django.test import Client as Browser

from coop import clock
from coop.admin import client_path
from coop.people.models import Client, Person
from coop.record.models import Event
from tasks import jobs
from tasks.models import Job
from tests.conftest import person
from tests.tasks.test_api import ALL
from tests.walls import addresses, material
from tests.walls.material import WORD, Material

pytestmark = pytest.mark.django_db

# What is no client's, by how its addresses begin, and why anybody may ask there; the word is looked for all the same.
NOBODYS = {
    "": "the way in", "how-we-decide/": "the rules", "promises/": "what is promised", "data-use/": "what data are for",
    "fairwork/": "the ten points", "health/": "for machines", "robots.txt": "for crawlers", "styleguide/": "our parts",
    "demo/": "made-up people", "me/": "about oneself", "account/": "signing in", "record/": "numbers and hashes",
    "ledger/": "the open ledger", "rates/": "what members voted", "pay/": "one's own pay", "desk/": "officers' money",
    "hooks/": "from payment services, signed", "votes/": "the members' votes", "rules/": "the rules",
    "decisions/": "the members' decisions", "standing/": "one's own standing", "cases/": "cases of members",
    "panels/": "panels of members", "elections/": "elections", "offices/": "posts", "pauses/": "pauses of members",
    "reports/": "reports of messages", "assembly/": "what members talk about", "start/": "the cooperative's own job",
    "client/new/": "founding a client", "c/$": "one's own clients", "jobs/$": "titles that clients announce",
    "work/$": "one's own tasks", "work/hours/": "one's own hours", "work/agreement/$": "one's own agreement",
    "looks/$": "looks one was drawn for", "review/$": "answers one may check", "api/$": "the API's words",
    "skills/": "paid tests of the house", "api/v1/skills": "likewise",
    "api/schema": "the API's form", "api/v1/rates": "what members voted", "api/v1/records": "numbers and hashes",
}  # fmt: skip
# A client's, and yet open to some who have no part in it: to whom, and why.
OPEN_TO = {
    "jobs/<int:number>/": ("everybody", "the title and the rate card, by which members choose"),
    "jobs/<int:number>/guide/": ("members", "a guide is read before its job is accepted"),
    "jobs/<int:number>/guide/<int:which>/": ("members", "likewise"),
    "jobs/<int:number>/guide/read/": (
        "members",
        "whoever worked by an older one reads what is new; others get nothing",
    ),
    "jobs/<int:number>/team/": ("everybody", "how a team forms, beside the announced title"),
    "jobs/<int:number>/team/<int:team>/": ("members", "likewise"),
}
# By these a member takes the work, and has it from then on.
TAKES = {"jobs/<int:number>/claim/", "review/<int:number>/take/"}
REFUSED = {400, 401, 402, 403, 404, 405, 409, 415, 422}
SIGN_IN = "/account/login/"
# A client's own lists and new things, asked for by a key: another's key finds its own there.
OF_A_KEY = re.compile(r"^(api/v1/|\^\(\?:/\*\)v[12]/)")

type SignedIn = Callable[[Person], Browser]


@pytest.fixture(autouse=True)
def _folder_of_its_own(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "uploads"


@pytest.fixture
def orbits(orbit: Client, olga: Person) -> Material:
    """Return all that Orbit has."""
    return material.made(orbit, olga)


def is_nobodys(route: str) -> bool:
    """Tell whether addresses of this route are about no client."""
    route = route.removeprefix("^")
    return any(route == begin.rstrip("$") if begin in {"", *(one for one in NOBODYS if one.endswith("$"))}
               else route.startswith(begin) for begin in NOBODYS)  # fmt: skip


def numbers(it: Material) -> dict[str, int]:
    """Return the numbers of things that are asked for below a word of their own."""
    return {
        "keys": it.key.pk, "seats": it.seat, "disputes": it.dispute.pk, "paybacks": it.payback, "back": it.payback,
    }  # fmt: skip


def places(route: str, it: Material) -> Iterator[dict[str, object]]:
    """Yield what to fill a route with, for each of Orbit's things that it could be about."""
    if re.match(r"\^\(\?:/\*\)v[12]/", route):
        for order in it.orders:
            name = it.named(order)
            is_order = "task" in route.partition("+^")[2]
            yield name | {"name": name["task_id"] if is_order else name["batch" if "batch" in route else "project"]} | {
                "signed": "signed", "task": name["task_id"], "attachment": "1"
            }  # fmt: skip
    elif "/new/<int:number>/" in route or "/drafts/<int:number>" in route:
        shown = it.sketch.files.get(kind="video" if "<int:frame>" in route else "image")
        yield {"slug": it.client.slug, "number": it.sketch.pk, "step": "guide", "key": shown.key, "frame": 0}
    elif "jobs/<int:number>" in route:
        for job in (it.job, it.draft):
            yield it.of_job(job) | ({"name": f"{WORD}-0"} if "/tasks/" in route else {})
    elif re.match("(work|review)/<int:number>/", route):
        for one in (it.assignment, it.rejected):
            yield {"number": one.pk}
    elif route.startswith("admin/"):
        yield {"object_id": "1", "content_type_id": "1", "app_label": "tasks", "url": "x"}
    else:
        number = numbers(it).get(route.rpartition("/<int:number>")[0].rpartition("/")[2])
        key = (it.film if "<int:frame>" in route else it.file).key if route.startswith("media/") else it.message.key
        about = {"number": number or it.webhook.pk, "key": key, "frame": 0, "pk": it.peer.pk, "name": "x"}
        yield it.of_client() | about | dict.fromkeys(
            ("token", "topic", "index", "old", "path", "fund", "rail", "monday", "post", "seat", "policy", "uidb36"),
            "1",
        )  # fmt: skip


def content(answer: Any) -> str:
    """Return all that an answer says, its headers too."""
    body = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return f"{body.decode('utf-8', 'replace')} {dict(answer.headers)}".lower()


def asked(browser: Browser, method: str, path: str, said: dict[str, Any]) -> Any:
    """Ask, with everything that could name one of Orbit's things."""
    if method == "GET":
        return browser.generic(method, path, QUERY_STRING="&".join(f"{key}={value}" for key, value in said.items()))
    if path.startswith(("/api/", "/v1/", "/v2/")):
        return getattr(browser, method.lower())(path, said, content_type="application/json")
    return getattr(browser, method.lower())(path)


def is_shut(answer: Any) -> bool:
    """Tell whether an answer refuses, or sends to the sign-in."""
    return answer.status_code in REFUSED or str(answer.headers.get("Location", "")).startswith(SIGN_IN)


def walked(browser: Browser, it: Material, *, who: str, keyed: bool = False) -> Iterator[str]:
    """Yield what is wrong with the answers that somebody gets; with a key only at the addresses that keys are for."""
    for route, methods in dict(addresses.every()).items():
        if route.startswith("admin/") or (keyed and not OF_A_KEY.match(route)) or (who == "members" and route in TAKES):
            continue
        for values in places(route, it):
            path = addresses.filled(route, values)
            for method in ["GET"] if is_nobodys(route) else methods:
                answer = asked(browser, method, path, values if OF_A_KEY.match(route) else {})
                if who not in OPEN_TO.get(route, ()) and WORD.lower() in content(answer):
                    yield f"{method} {path} ({route}): {answer.status_code} shows the word"
                if not (is_open(route, who, keyed) or is_shut(answer)):
                    yield f"{method} {path} ({route}): {answer.status_code}"


def is_open(route: str, who: str, keyed: bool) -> bool:  # noqa: FBT001 - handed on
    """Tell whether an address answers them: it is no client's, it is open to all like them, or shows a key its own."""
    own = keyed and not addresses.names(route) and "(?P" not in route
    return own or is_nobodys(route) or bool({"everybody", who} & set(OPEN_TO.get(route, ())))


@pytest.fixture
def rita(orbits: Material) -> Person:
    """Return who speaks for another client, once Orbit has its things."""
    return material.stranger()


def keys_of(who: Person) -> list[Browser]:
    """Return programs with all that a key of their client may do: in Scale's interface, in ours, and to try out."""
    rival = Client.objects.get(slug="rival")
    return [
        material.program(rival, who, scopes, kind)
        for scopes, kind in ((ALL, "Basic"), (ALL, "Bearer"), (["test"], "Basic"))
    ]


def test_another_client_finds_nothing(orbits: Material, rita: Person, signed_in: SignedIn) -> None:
    before = sums(orbits.client)
    assert not "\n".join(walked(signed_in(rita), orbits, who="another client"))
    assert sums(orbits.client) == before


def test_the_programs_of_another_client_find_nothing(orbits: Material, rita: Person) -> None:
    before = sums(orbits.client)
    found: list[str] = []
    for program in keys_of(rita):
        found += walked(program, orbits, who="another client", keyed=True)
    assert not "\n".join(found)
    assert sums(orbits.client) == before


def test_what_another_has_is_answered_like_what_nobody_has(orbits: Material, rita: Person, signed_in: SignedIn) -> None:
    for browser in (signed_in(rita), keys_of(rita)[1]):
        for route in (one for one, _methods in addresses.every() if re.match("(c|api/v1|work)/.*<int:", one)):
            for values in places(route, orbits):
                nobodys = {name: 10**8 if isinstance(value, int) else value for name, value in values.items()}
                told = [browser.get(addresses.filled(route, one)) for one in (values, nobodys)]
                assert told[0].status_code == told[1].status_code, route
                assert re.sub(r"\d+", "N", told[0].text) == re.sub(r"\d+", "N", told[1].text), route


def test_a_member_without_the_job_finds_nothing(orbits: Material, amina: Person, signed_in: SignedIn) -> None:
    before = sums(orbits.client)
    assert not "\n".join(walked(signed_in(amina), orbits, who="members"))
    assert sums(orbits.client) == before


def test_nobody_finds_nothing(orbits: Material) -> None:
    before = sums(orbits.client)
    assert not "\n".join(walked(Browser(), orbits, who="nobody"))
    assert sums(orbits.client) == before


@pytest.mark.parametrize("who", ["samuel", "teresa", "petra"])
def test_officers_find_nothing_without_a_reason(orbits: Material, signed_in: SignedIn, who: str) -> None:
    browser = signed_in(person(who))
    desks = [
        addresses.filled(route, {}) for route, _methods in addresses.every() if re.fullmatch("desk/[a-z/]*", route)
    ]
    looked = [*desks, *(page for model in admin.site._registry for page in of_admin(model))]  # noqa: SLF001 - Django's own
    assert len(looked) > 150
    assert [path for path in looked if WORD.lower() in content(browser.get(path, follow=True))] == []


def of_admin(model: type[Model]) -> Iterator[str]:
    """Yield the admin's addresses of a model: its list, and each of its last rows with its history."""
    site = f"/admin/{model._meta.app_label}/{model._meta.model_name}/"  # noqa: SLF001 - Django's own
    yield site
    if client_path(model):
        for row in model._default_manager.order_by("-pk")[:3]:  # noqa: SLF001 - likewise
            yield f"{site}{row.pk}/change/"
            yield f"{site}{row.pk}/history/"


def test_officers_look_at_what_the_cooperative_itself_posts(
    orbits: Material, samuel: Person, signed_in: SignedIn
) -> None:
    page = signed_in(samuel).get("/admin/tasks/job/").text
    assert "Announced" not in page
    assert str(Job.objects.get(is_onboarding=True).title) in page


# What an entry of the record says beside what happened, as far as it could be a sum of something a client has.
COUNTS = {"bytes", "rows", "problems", "files", "items", "answers", "tasks", "returned", "scopes", "client", "amount"}


def test_the_record_that_everybody_reads_has_no_sums_of_what_a_client_has(orbits: Material, olga: Person) -> None:
    jobs.close(orbits.draft, by=olga, at=clock.now())
    subjects = [f"job:{orbits.job.pk}", f"job:{orbits.draft.pk}", f"client:{orbits.client.pk}"]
    told = Event.objects.filter(subject__in=subjects)
    kinds = set(told.values_list("kind", flat=True))
    assert {"jobs.drafted", "datasets.loaded", "files.taken_in", "releases.made", "releases.withdrawn",
            "quality.compared", "keys.issued", "jobs.closed"} <= kinds  # fmt: skip
    assert [(one.kind, one.data) for one in told if COUNTS & one.data.keys()] == []


SUMS = """
SELECT md5(coalesce(string_agg(t::text, '' ORDER BY t::text), '')) FROM {table} t WHERE {mine}
"""
OF_JOBS = "job_id IN (SELECT id FROM tasks_job WHERE client_id = %(client)s)"
HELD = {
    "tasks_job": "client_id = %(client)s",
    **dict.fromkeys(
        ("tasks_webhook", "tasks_message", "tasks_order", "tasks_project", "tasks_batch", "people_clientseat",
         "tasks_sketch", "payments_payback"),
        "client_id = %(client)s",
    ),
    "tasks_sketchfile": "sketch_id IN (SELECT id FROM tasks_sketch WHERE client_id = %(client)s)",
    "tasks_releasefile": f"release_id IN (SELECT id FROM tasks_release WHERE {OF_JOBS})",
    **dict.fromkeys(
        ("tasks_task", "tasks_assignment", "tasks_upload", "tasks_jobfile", "tasks_release", "tasks_guideversion",
         "tasks_machine", "tasks_endpoint", "tasks_estimate"), OF_JOBS),
}  # fmt: skip


def sums(client: Client) -> dict[str, str]:
    """Return one figure for what a client has in each table: it changes with any of it."""
    found = {}
    with connection.cursor() as cursor:
        for table, mine in HELD.items():
            cursor.execute(SUMS.format(table=table, mine=mine), {"client": client.pk})
            found[table] = cursor.fetchone()[0]
    return found
