"""The page "What happened"."""

import hashlib
import json
import re
import uuid
from collections.abc import Callable
from datetime import UTC
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.test import Client as Browser

from coop import clock, sentences
from coop.people.models import Client, Person
from coop.record import events, log, tree
from coop.record.models import Event, Leaf
from tasks.models import Job
from tests.record.waiting import settle
from tests.tasks.conftest import SAME, make_job, work

pytestmark = pytest.mark.django_db
ROOT = Path(settings.BASE_DIR)
ACTS = re.compile(r"events\.(?:write|columns|named|Entry)\(\s*f?\"([a-z_.{}]+)\"")


@pytest.fixture
def job(orbit: Client, olga: Person) -> Job:
    return make_job(orbit, olga)


def kinds_in_the_source() -> set[str]:
    files = [path for app in ("coop", "governance", "payments", "tasks") for path in (ROOT / app).rglob("*.py")]
    return {kind for path in files for kind in ACTS.findall(path.read_text())}


@pytest.mark.parametrize("kind", sorted(kinds_in_the_source()))
def test_every_act_has_its_sentence(kind: str) -> None:
    pattern = re.compile(re.sub(r"\{\w+\}", r"[a-z_]+", kind))
    assert [known for known in sentences.SENTENCES if pattern.fullmatch(known)]


@pytest.mark.parametrize("kind", sorted(sentences.SENTENCES))
def test_every_sentence_can_be_read_even_when_facts_are_missing(kind: str, amina: Person) -> None:
    event = Event(kind=kind, subject="job:3", actor=amina, data={})
    assert "%" not in sentences.of(event, reader=amina)


def test_a_sentence_names_officers_to_people_with_an_account(amina: Person, luis: Person) -> None:
    event = Event(kind="payouts.sent", subject="payout:3", actor=amina)
    assert sentences.of(event, reader=luis) == f"{amina.name} sent payout 3."
    assert sentences.of(event, reader=None) == "Somebody sent payout 3."


@pytest.mark.parametrize(
    "kind",
    ["claims.claimed", "checks.taken", "answers.submitted", "reviews.accepted", "reviews.sent_back", "reports.made"],
)
def test_who_does_which_work_is_nobody_elses_business(kind: str, amina: Person, luis: Person) -> None:
    event = Event(kind=kind, subject="job:3", actor=amina, data={"pay": 1})
    assert amina.name not in sentences.of(event, reader=luis)
    assert not sentences.knows(luis, event)
    assert sentences.knows(amina, event)


def test_my_own_acts_speak_of_me(amina: Person) -> None:
    event = Event(kind="answers.submitted", subject="assignment:3", actor=amina)
    assert sentences.of(event, reader=amina) == "You handed in an answer (assignment 3)."


def test_pay_is_read_as_money() -> None:
    event = Event(kind="jobs.raised", subject="job:3", data={"before": 90_000, "pay": "0.095000"})
    assert "US$\u00a00.09 to US$\u00a00.095" in sentences.of(event, reader=None)


def test_the_page_shows_what_happened_and_to_whom(
    amina: Person, teresa: Person, signed_in: Callable[[Person], Browser]
) -> None:
    events.write("payouts.sent", by=teresa, subject="payout:77", at=clock.now())
    address = "/record/?subject=payout:77&kind=payouts.sent"
    assert f"{teresa.name} sent payout 77" in signed_in(amina).get(address).text
    assert "You sent payout 77" in signed_in(teresa).get(address).text
    assert "Somebody sent payout 77" in Browser().get(address).text


def test_the_list_goes_on_in_pages(amina: Person) -> None:
    at = clock.now()
    events.write_many([events.Entry("jobs.opened", amina.pk, "job:999", at) for _n in range(120)])
    seen, address = 0, "/record/?subject=job:999"
    while address:
        page = Browser().get(address).text
        seen += page.count("job 999 opened")
        older = re.search(r'rel="next"\s+href="([^"]+)"', page)
        address = "/record/" + older[1].replace("&amp;", "&") if older else ""
    assert seen == 120


@pytest.mark.parametrize(
    "query", ["before=x", "before=-1", "before=99999999999999999999999", "subject=%00", "kind=%00"]
)
def test_a_strange_question_breaks_nothing(query: str) -> None:
    assert Browser().get(f"/record/?{query}").status_code == 404


@pytest.mark.usefixtures("committed")
def test_anybody_can_check_the_log_with_what_the_site_gives(amina: Person) -> None:
    browser, at = Browser(), clock.now()
    events.write_many([events.Entry("jobs.opened", amina.pk, f"job:{n}", at) for n in range(30)])
    settle()
    first = json.loads(browser.get("/record/head.json").content)
    events.write_many([events.Entry("jobs.closed", amina.pk, f"job:{n}", at) for n in range(7)])
    settle()
    head = json.loads(browser.get("/record/head.json").content)
    lines = [json.loads(line) for line in browser.get("/record/events.jsonl").getvalue().splitlines()]
    leaves = [bytes.fromhex(line["leaf_hash"]) for line in lines]
    assert tree.root_of(leaves).hex() == head["root"]
    assert lines[-1]["chain_hash"] == head["chain"]
    proof = json.loads(browser.get("/record/proof/3.json").content)
    path, root = [bytes.fromhex(node) for node in proof["path"]], bytes.fromhex(head["root"])
    assert tree.is_included(leaves[3], 3, head["size"], path, root)
    grew = json.loads(browser.get(f"/record/grew/{first['size']}.json").content)
    proved = [bytes.fromhex(node) for node in grew["proof"]]
    assert tree.only_grew(first["size"], bytes.fromhex(first["root"]), head["size"], root, proved)
    assert browser.get(f"/record/proof/{head['size']}.json").status_code == 404
    assert Leaf.objects.count() == head["size"]
    assert log.verify_chain() is None


@pytest.mark.usefixtures("committed")
def test_the_download_names_nobody_to_strangers_and_no_workers_to_others(
    amina: Person, olga: Person, teresa: Person, signed_in: Callable[[Person], Browser]
) -> None:
    events.write("answers.submitted", by=amina, subject="assignment:77", at=clock.now())
    events.write("payouts.sent", by=teresa, subject="payout:77", at=clock.now())
    settle()

    def named(browser: Browser, subject: str) -> object:
        line = next((line for line in downloaded(browser) if line["subject"] == subject), {})
        return line.get("actor")

    assert named(Browser(), "payout:77") is None
    assert named(signed_in(olga), "assignment:77") is None
    assert named(signed_in(amina), "assignment:77") == amina.pk
    assert named(signed_in(olga), "payout:77") == teresa.pk


def downloaded(browser: Browser) -> list[dict[str, Any]]:
    return [json.loads(line) for line in browser.get("/record/events.jsonl").getvalue().splitlines()]


# What is done at a single task is closed


def test_a_task_is_no_strangers_clients_or_other_members_to_follow(
    job: Job, amina: Person, luis: Person, olga: Person, signed_in: Callable[[Person], Browser]
) -> None:
    work(job, amina, SAME)
    subject = f"job:{job.pk}"
    assert {one.kind for one in Event.objects.filter(subject=subject, closed=True)} >= {"claims.claimed"}
    clients = signed_in(olga)
    for reader in (Browser(), signed_in(luis), clients):
        page = reader.get(f"/record/?subject={subject}").text
        assert ("Money was set aside" in page) is (reader == clients)
        assert "took a task" not in page
        assert "took a task" not in reader.get("/record/").text
        told = reader.get(f"/api/v1/records?subject={subject}").json()["results"]
        assert told == []
    assert "You took a task" in signed_in(amina).get(f"/record/?subject={subject}").text


@pytest.mark.usefixtures("committed")
def test_of_a_closed_entry_others_have_the_hashes_alone(
    job: Job, amina: Person, luis: Person, signed_in: Callable[[Person], Browser]
) -> None:
    held = work(job, amina, SAME)
    settle()
    entry = Event.objects.select_related("leaf").get(kind="answers.submitted", subject=f"assignment:{held.pk}")
    place = entry.leaf.index
    whole = downloaded(signed_in(amina))[place]
    assert (whole["kind"], whole["data"], whole["closed"]) == (entry.kind, entry.data, True)
    for reader in (Browser(), signed_in(luis)):
        line = downloaded(reader)[place]
        hashes = {name: line.pop(name) for name in ("leaf_hash", "chain_hash")}
        assert hashes == {name: whole[name] for name in hashes}
        nothing = dict.fromkeys(("id", "at", "kind", "subject"))
        assert line == {"index": place, "closed": True, "data": {}} | nothing
        assert [one["index"] for one in downloaded(reader)] == list(range(Leaf.objects.count()))


def test_the_database_draws_each_veil_and_nobody_else(
    amina: Person, attack: Callable[..., None], owner: psycopg.Connection
) -> None:
    at, chosen = clock.now(), uuid.uuid4()
    events.write_many([events.Entry("jobs.opened", amina.pk, "job:77", at) for _n in range(20)])
    veils = set(Event.objects.filter(subject="job:77").values_list("veil", flat=True))
    assert len(veils) == 20
    assert None not in veils
    write = "INSERT INTO record_event (at, kind, subject, data, veil) VALUES (%s, 'jobs.opened', 'job:77', '{}', %s)"
    attack(write, [at, chosen], guard="permission denied")
    found = owner.execute(f"{write} RETURNING veil".encode(), [at, chosen]).fetchone()
    assert found is not None
    assert found[0] != chosen


@pytest.mark.usefixtures("committed")
def test_nobody_finds_who_acted_by_trying_every_number(
    amina: Person, luis: Person, signed_in: Callable[[Person], Browser]
) -> None:
    events.write("assembly.reported", by=amina, subject="message:77", at=clock.now())
    settle()
    entry = Event.objects.select_related("leaf").get(subject="message:77")
    [told] = Browser().get("/api/v1/records?subject=message:77").json()["results"]
    [line] = [one for one in downloaded(signed_in(luis)) if one["subject"] == "message:77"]
    assert (told["leaf_hash"], line["leaf_hash"]) == (bytes(entry.leaf.leaf_hash).hex(),) * 2
    assert not {"actor", "veil"} & {*told, *line}
    moment = f"{entry.at.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ}"
    for number in range(amina.pk + 1):
        for who in (str(number), hashlib.sha256(f"{number}".encode()).hexdigest()):
            text = "\n".join((str(entry.pk), moment, entry.kind, who, entry.subject, "{}"))
            assert tree.leaf_hash(text.encode()).hex() != line["leaf_hash"]
    assert line["at"] == moment
    text = "\n".join((str(line["id"]), line["at"], line["kind"], line["who"], line["subject"], "{}"))
    assert tree.leaf_hash(text.encode()).hex() == line["leaf_hash"], "anybody computes the hash of an open line"
    [own] = [one for one in downloaded(signed_in(amina)) if one["subject"] == "message:77"]
    assert hashlib.sha256(f"{own['veil']} {own['actor']}".encode()).hexdigest() == own["who"]


def test_what_decides_pay_votes_and_access_stays_open() -> None:
    for kind in sentences.SENTENCES:
        if kind.startswith((
            "admin.", "assembly.", "budgets.", "bylaws.", "cases.", "decisions.", "elections.", "exchange.",
            "expenses.", "governance.", "guarantee.", "jobs.opened", "jobs.raised", "jobs.closed", "ledger.",
            "mandates.", "offices.", "panels.", "pauses.", "payouts.", "posts.", "proposals.", "rates.",
            "releases.made", "rules.", "schema.", "standing.", "statements.", "support.", "surplus.", "voting.",
            "compartments.",
        )):  # fmt: skip
            assert kind in sentences.OPEN, kind
