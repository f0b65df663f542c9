"""What was paid for a version, signed, in the record, and checked by a script that knows nothing of us."""

import hashlib
import json
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings

from coop import clock
from coop.people.models import Client, Person
from tasks import check_certificate, checks, formats, guides, reviews, tips
from tasks.formats import card
from tasks.models import Finding, Ground, Job, Release, ReviewRule
from tests import public_record
from tests.tasks import disputing, orders
from tests.tasks.conftest import SAME, make_job, payable, work
from tests.tasks.releases.conftest import Made
from tests.tasks.test_teams import formed

SCRIPT = Path(settings.BASE_DIR) / "tasks" / "check_certificate.py"


def test_it_tells_what_was_paid_by_which_votes(job: Job, made: Made) -> None:
    told = card.facts(made(job))
    paid = job.assignments.filter(state="accepted")
    assert told["paid"]["answers"] == paid.count() == 5
    assert Decimal(told["paid"]["wages"]) == Decimal("0.45")
    assert (told["paid"]["people"], told["hourly"], told["disputes"]["opened"]) == (3, None, 0)
    assert [rate["amount"] for rate in told["rates"]] == ["0.09"]
    assert (told["items"], told["digest"], told["job"]) == (3, job.releases.get().digest, job.pk)


def test_wages_are_all_that_the_job_paid_and_say_what_for(
    orbit: Client, olga: Person, made: Made, priya: Person, luis: Person, amina: Person, samuel: Person
) -> None:
    orders.deposit(orbit, "20")
    job = make_job(orbit, olga, overlap=1, tasks=3, review_rule=ReviewRule.PEER, pay=Decimal("0.100001"))
    alone = work(job, samuel, SAME)
    before = {who: payable(who) for who in (priya, luis, amina, samuel)}
    ours = work(formed(job, {priya: 50, luis: 50}).job, priya, SAME)
    check = checks.take(alone, by=amina, at=clock.now())
    for answer, by in ((alone, amina), (ours, olga)):
        ground = Ground.PEER if by == amina else Ground.CLIENT
        reviews.accept(answer, by=by, at=clock.now(), ground=ground)
    guides.publish(job, guide=f"{job.guide} A lid counts as part of the pot.", after=1, by=olga, at=clock.now())
    assert guides.read(job, by=samuel, at=clock.now())
    alone.refresh_from_db()
    tips.give(alone, amount=Decimal(1), by=olga, at=clock.now())
    told = card.facts(made(job))
    paid = told["paid"]
    earned = sum(payable(who) - was for who, was in before.items()) - Decimal(1)
    assert Decimal(paid["wages"]) == earned
    assert Decimal(paid["of_wages"]["checks"]) == check.pay > 0
    assert Decimal(paid["of_wages"]["answers"]) == 2 * job.pay
    assert sum(map(Decimal, paid["of_wages"].values())) == earned
    assert (paid["people"], paid["authors"], paid["by_teams"], Decimal(paid["tips"])) == (4, 3, 1, Decimal(1))
    statement = b"".join(formats.find("statement", job).write(job.releases.get())).decode()
    assert f"US$ {paid['wages']} in wages to 4 members for 2 answers" in statement
    assert f"US$ {paid['of_wages']['readings']} of it for reading what changed in the guide." in statement


def test_looks_at_a_rejected_answer_are_wages_once_they_are_decided(
    orbit: Client, olga: Person, amina: Person, made: Made
) -> None:
    disputing.learned(orbit, olga)
    job = disputing.checked(orbit, olga)
    dispute = disputing.reject(work(job, amina, SAME), olga)
    first, second = disputing.places(dispute)
    disputing.look(first, stands=True)
    assert Decimal(card.facts(made(job))["paid"]["of_wages"]["looks"]) == 0
    disputing.look(second, stands=True)
    release = made(job)
    paid = card.facts(release)["paid"]
    looks = sum(finding.pay or Decimal(0) for finding in Finding.objects.only("pay"))
    assert Decimal(paid["of_wages"]["looks"]) == Decimal(paid["of_funds"]) == looks > 0
    assert Decimal(paid["wages"]) == job.pay + looks
    assert (paid["people"], paid["authors"]) == (3, 1)
    said = card.statement(release)
    assert f"US$ {paid['of_wages']['looks']} of it by the dispute fund, for looks at rejected answers." in said
    assert "Not in it: What funds added to members' weeks" in said


def test_it_names_the_guides_that_answers_were_given_under(
    job: Job, made: Made, olga: Person, luis: Person, priya: Person
) -> None:
    first = made(job)
    later = guides.publish(job, guide=f"{job.guide} A lid counts as part of the pot.", after=1, by=olga, at=clock.now())
    before = {"version": 1, "digest": hashlib.sha256(job.guide.encode()).hexdigest(), "answers": 7}
    assert card.facts(first)["guides"] == [before]
    for who in (luis, priya):
        guides.read(job, by=who, at=clock.now())
        work(job, who, SAME)
    second = made(job)
    assert card.facts(second)["guides"] == [before, {"version": 2, "digest": later.digest, "answers": 2}]
    guides.publish(job, guide=f"{later.guide} So does a handle.", after=2, by=olga, at=clock.now())
    told, both = card.statement(Release.objects.get(pk=first.pk)), card.statement(Release.objects.get(pk=second.pk))
    assert f"### The guide, version 1 (7 answers)\n\n{job.guide}\n" in told
    assert "A lid counts" not in told
    assert f"### The guide, version 2 (2 answers)\n\n{later.guide}\n" in both
    assert "So does a handle" not in both
    assert card.guides(second) in both


def test_what_an_older_certificate_does_not_say_is_told_whole(job: Job, made: Made, olga: Person) -> None:
    guides.publish(job, guide=f"{job.guide} A lid counts as part of the pot.", after=1, by=olga, at=clock.now())
    release = made(job)
    told = card.facts(release)
    del told["guides"]
    release.certificate = json.dumps(told)
    said = card.statement(release)
    assert "### The guide, version 1\n" in said
    assert "### The guide, version 2\n" in said


@pytest.fixture
def files(committed: None, job: Job, made: Made, tmp_path: Path) -> list[Path]:
    """Return certificate, items and public record of a version, as an auditor downloads them, really committed."""
    release = made(job)
    events = public_record.holding("releases.made")
    found = [tmp_path / name for name in ("certificate.json", "items.jsonl", "events.jsonl")]
    contents = (card.bundle(release).encode(), b"".join(formats.find("jsonl", release.job).write(release)), events)
    for path, content in zip(found, contents, strict=True):
        path.write_bytes(content)
    return found


def checked(files: list[Path]) -> tuple[int, str]:
    done = subprocess.run(  # noqa: S603 - our own script
        [sys.executable, "-I", SCRIPT, *files], capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout


def test_whoever_has_the_files_checks_them_alone(files: list[Path]) -> None:
    code, said = checked(files)
    assert (code, "All of it adds up." in said) == (0, True), said
    code, said = checked(files[:2])
    assert (code, "it was not compared with the public record" in said) == (0, True)


@pytest.fixture
def parts(orbit: Client, olga: Person, amina: Person, made: Made, tmp_path: Path) -> list[Path]:
    """Return certificate and items of a version of three parts: its tasks lie at the ends of five thousand places."""
    places = [1, 5_000, 5_001, 10_001]
    job = make_job(orbit, olga, tasks=places, overlap=1)
    for _task in places:
        work(job, amina, SAME)
    release = made(job)
    assert (len(release.parts), release.items) == (3, 4)
    found = [tmp_path / "certificate.json", tmp_path / "items.jsonl"]
    found[0].write_text(card.bundle(release))
    found[1].write_bytes(b"".join(formats.find("jsonl", job).write(release)))
    assert [json.loads(line)["position"] for line in found[1].read_text().splitlines()] == places
    return found


def test_a_version_of_several_parts_is_checked_alone(parts: list[Path]) -> None:
    code, said = checked(parts)
    assert (code, "All of it adds up" in said) == (0, True), said
    lines = parts[1].read_text().splitlines(keepends=True)
    for wrong in (lines[:3], [lines[0], lines[2], lines[1], lines[3]], lines[1:]):
        parts[1].write_text("".join(wrong))
        code, said = checked(parts)
        assert (code, "The items are not those that the certificate is for." in said) == (1, True), said


def test_other_items_are_found(files: list[Path]) -> None:
    files[1].write_text(files[1].read_text().replace("Different", "Same", 1))
    code, said = checked(files)
    assert (code, "The items are not those that the certificate is for." in said) == (1, True)


def test_higher_wages_are_found(files: list[Path]) -> None:
    signed = json.loads(files[0].read_text())
    signed["certificate"] = signed["certificate"].replace('"wages":"0.45', '"wages":"9.45')
    files[0].write_text(json.dumps(signed))
    code, said = checked(files)
    assert code == 1
    assert "The certificate is not signed by that key." in said
    assert "The public record does not know this certificate." in said


def test_answers_under_no_guide_are_found(files: list[Path]) -> None:
    signed = json.loads(files[0].read_text())
    signed["certificate"] = signed["certificate"].replace('"guides":[{"answers":7', '"guides":[{"answers":6')
    files[0].write_text(json.dumps(signed))
    code, said = checked(files)
    assert (code, "The answers are not the sum of those given under each guide." in said) == (1, True)


def test_another_key_is_found(files: list[Path]) -> None:
    signed = json.loads(files[0].read_text())
    other = Ed25519PrivateKey.generate()
    signed |= {
        "signature": other.sign(signed["certificate"].encode()).hex(),
        "key": other.public_key().public_bytes_raw().hex(),
    }
    files[0].write_text(json.dumps(signed))
    code, said = checked(files)
    assert (code, "The public record names another key." in said) == (1, True), said


@pytest.mark.parametrize("flip", [0, 31, 32, 63])
def test_the_scripts_signatures_are_those_of_a_library(flip: int) -> None:
    for message in (b"", b"a", b"what was paid" * 40):
        key = Ed25519PrivateKey.generate()
        signature, public = key.sign(message), key.public_key().public_bytes_raw()
        assert check_certificate.is_signed(message, signature, public)
        wrong = signature[:flip] + bytes([signature[flip] ^ 1]) + signature[flip + 1 :]
        assert not check_certificate.is_signed(message, wrong, public)
        assert not check_certificate.is_signed(message + b"x", signature, public)
