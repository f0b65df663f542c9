"""A member's statement is sealed when its month is over: whoever kept the file shows it, without the site."""

import hashlib
import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from types import ModuleType

import psycopg
import pytest
from django.db import DataError, OperationalError, connection, transaction
from django.test import Client as Browser

from coop import clock
from coop.audit import ledger
from coop.database import roles
from coop.database.embedded import Cluster
from coop.people.models import Person
from coop.record import tree
from coop.record.models import Event
from payments import background, capital, monthly, proof, sealed_statements, sealing, statement_files
from payments.models import SealedStatement
from payments.open_ledger import Month
from tests import public_record
from tests.governance.conftest import reach
from tests.payments.conftest import owning
from tests.payments.test_proof import touch

type Attack = Callable[..., None]
type Earn = Callable[[Person, str], int]
type SignedIn = Callable[[Person], Browser]
GUARD = "statements_are_sealed_when_a_month_is_over"
WHOLE = "statements_are_sealed_as_a_whole"
BOOKS = "books_are_sealed_by_the_database"
# Locks of tables that this session has and that a posting would wait for.
HELD = """SELECT relation::regclass, mode FROM pg_locks WHERE pid = pg_backend_pid() AND granted
    AND mode IN ('ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')
    AND relation IN ('payments_transfer'::regclass, 'payments_topup'::regclass)"""
# A root over more transfers than a page has time for.
SLOW = """CREATE OR REPLACE FUNCTION public.payments_root(nodes bytea[]) RETURNS bytea LANGUAGE plpgsql IMMUTABLE
    SET search_path = pg_catalog, public, pg_temp AS $$ BEGIN
        PERFORM pg_sleep(1.3);
        RETURN sha256(''::bytea);
    END $$"""
SAY = "INSERT INTO record_event (at, kind, subject, data) VALUES (coop_now(), 'statements.sealed', %s, %s)"


@pytest.fixture
def month(earn: Earn, amina: Person, luis: Person, olga: Person, later: Callable[..., datetime]) -> Month:
    """Return a month in which four members' money moved, and that is over."""
    found = Month.of(clock.now())
    for number, person in enumerate((amina, luis, olga), start=1):
        earn(person, f"{number}.00")
    capital.pay_in(amina, Decimal("0.50"), by=amina, at=clock.now())
    later(days=40)
    return found


def hashes(month: Month) -> tuple[list[int], list[str], list[str]]:
    """Return what the function that seals takes for each member with a statement."""
    members = sorted(sealed_statements._members(month))  # noqa: SLF001 - whoever calls it can ask the same
    return members, ["0" * 64] * len(members), [f"{number:032}" for number in members]


def bogus(kind: str, subject: str, data: object) -> None:
    """Write a seal that is none as an owner who switched the guards off."""
    said = "INSERT INTO record_event (at, kind, subject, data) VALUES (coop_now(), %s, %s, %s)"
    with owning(), connection.cursor() as cursor:
        for guard in (WHOLE, BOOKS):
            cursor.execute(f"ALTER TABLE record_event DISABLE TRIGGER {guard}")
        cursor.execute(said, [kind, subject, json.dumps(data)])
        for guard in (WHOLE, BOOKS):
            cursor.execute(f"ALTER TABLE record_event ENABLE ALWAYS TRIGGER {guard}")


def sealed(month: Month) -> int:
    return SealedStatement.objects.filter(month=str(month)).count()


def test_every_statement_of_a_month_that_is_over_is_sealed_once(month: Month, amina: Person) -> None:
    sealed_statements.seal_due(clock.now())
    assert sealed(month) >= 3
    first = SealedStatement.objects.get(person=amina, month=str(month))
    assert first.digest == statement_files.digest(monthly.statement(amina, month))
    said = Event.objects.filter(kind="statements.sealed").count()
    assert sealed_statements.seal_due(clock.now()) == 0
    assert Event.objects.filter(kind="statements.sealed").count() == said
    assert not sealed(Month.of(clock.now()))
    assert background.seal(timestamp=0) >= 1
    assert background.seal_statements(timestamp=0) == 0
    assert not sealed_statements.unlike()


@pytest.mark.usefixtures("committed")
def test_a_member_shows_their_file_without_the_site(
    month: Month, amina: Person, luis: Person, signed_in: SignedIn, tmp_path: Path
) -> None:
    browser, base = signed_in(amina), f"/pay/statements/{month}"
    assert browser.get(f"{base}/proof.json").status_code == 404
    sealed_statements.seal_due(clock.now())
    assert "python3 check_statement.py" in browser.get(f"{base}/").text
    files = {
        "statement.csv": browser.get(f"{base}.csv").content,
        "proof.json": browser.get(f"{base}/proof.json").content,
        "check_statement.py": Browser().get("/pay/statements/check_statement.py").content,
        "events.jsonl": public_record.holding("statements.sealed"),
        "others.csv": signed_in(luis).get(f"{base}.csv").content,
    }
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)

    def check(*names: str) -> tuple[int, str]:
        done = subprocess.run(  # noqa: S603 - our own script
            [sys.executable, "-I", "check_statement.py", *names], cwd=tmp_path, capture_output=True, text=True,
            check=False,
        )  # fmt: skip
        return done.returncode, done.stdout + done.stderr

    whole = ("statement.csv", "proof.json", "events.jsonl")
    root = Event.objects.get(kind="statements.sealed", subject=f"statements:{month}").data["root"]
    assert check(*whole)[0] == 0
    assert root in check(*whole[:2])[1]
    assert check()[0] == 1
    assert "has the hash" in check("others.csv", *whole[1:])[1]
    (tmp_path / "events.jsonl").write_text((tmp_path / "events.jsonl").read_text().replace(root, "00" * 32))
    assert "did not seal this root" in check(*whole)[1]
    proof = json.loads((tmp_path / "proof.json").read_text())
    assert proof["size"] == sealed(month) > 1
    for other in ({"path": proof["path"][1:]}, {"path": ["00" * 32] * 9}, {"place": (proof["place"] + 1) % 2}):
        (tmp_path / "proof.json").write_text(json.dumps(proof | other))
        assert check(*whole[:2])[0] == 1


def test_each_members_proof_leads_to_the_root(month: Month) -> None:
    sealed_statements.seal_due(clock.now())
    from payments import check_statement  # noqa: PLC0415 - it is a script

    for one in SealedStatement.objects.filter(month=str(month)).select_related("person"):
        found = sealed_statements.proof(one.person, month)
        assert found
        leaf = sealed_statements._leaves(str(month))[one.place]  # noqa: SLF001 - the script hashes the same
        path = [bytes.fromhex(node) for node in found.path]
        assert check_statement.root_of(leaf, found.place, found.size, path) == bytes.fromhex(found.root)


def test_nothing_comes_under_a_root_that_was_sealed(month: Month, attack: Attack) -> None:
    members, digests, nonces = hashes(month)
    now = Month.of(clock.now())
    attack(sealed_statements.SEAL, [str(now), *hashes(now)], guard=WHOLE)
    attack(sealed_statements.SEAL, [str(now), [members[0]], digests[:1], nonces[:1]], guard=GUARD)
    attack(sealed_statements.SEAL, [str(month), members, ["x", *digests[1:]], nonces], guard=GUARD)
    attack(sealed_statements.SEAL, [str(month), members, digests, ["", *nonces[1:]]], guard=GUARD)
    attack(
        sealed_statements.SEAL,
        [str(month), [members[0], *members], ["1" * 64, *digests], ["1" * 32, *nonces]],
        guard="a_members_",
    )
    assert sealed_statements.seal_due(clock.now())
    attack(sealed_statements.SEAL, [str(month), members, digests, nonces], guard=GUARD)
    attack("UPDATE payments_sealedstatement SET digest = ''", guard="permission denied")
    attack("DELETE FROM payments_sealedstatement", guard="permission denied")


def test_no_month_is_sealed_within_an_hour_of_its_end(earn: Earn, amina: Person, attack: Attack) -> None:
    earn(amina, "1.00")
    month = Month.of(clock.now())
    reach(month.after + timedelta(minutes=59))
    attack(sealed_statements.SEAL, [str(month), *hashes(month)], guard=WHOLE)
    attack(sealing.SEAL, [str(month)], guard=BOOKS)
    reach(month.after + timedelta(hours=1))
    sealing.seal_due(clock.now())
    sealed_statements.seal_due(clock.now())
    assert sealed(month) >= 1


@pytest.mark.usefixtures("committed")
@pytest.mark.parametrize("table", ["payments_transfer", "payments_topup"])
def test_no_month_is_sealed_while_something_of_it_may_be_on_its_way(
    month: Month, cluster: Cluster, database_name: str, table: str
) -> None:
    with psycopg.connect(cluster.url(roles.OWNER, database_name)) as late:
        # What each posting holds from before it has its moment until it is there for others.
        late.execute(f"LOCK TABLE {table} IN ROW EXCLUSIVE MODE")
        for seal, values in ((sealed_statements.SEAL, [str(month), *hashes(month)]), (sealing.SEAL, [str(month)])):
            with pytest.raises(OperationalError, match="lock timeout"), connection.cursor() as cursor:
                cursor.execute(seal, values)  # type: ignore[arg-type]
        with pytest.raises(OperationalError, match="lock timeout"):
            sealed_statements.seal_due(clock.now())
        late.rollback()
        sealing.seal_due(clock.now())
        sealed_statements.seal_due(clock.now())
        assert sealed(month) == len(hashes(month)[0])
    assert not sealed_statements.unlike()


def test_a_seal_holds_up_no_posting(month: Month) -> None:
    def held() -> set[tuple[str, str]]:
        with connection.cursor() as cursor:
            cursor.execute(HELD)
            return set(cursor.fetchall())

    before = held()
    sealing.seal_due(clock.now())
    sealed_statements.seal_due(clock.now())
    assert held() == before


@pytest.mark.parametrize("sealer", [sealing, sealed_statements])
def test_a_root_takes_as_long_as_it_takes(month: Month, sealer: ModuleType) -> None:
    """The site's limits are for pages: a month of many transfers would stay unsealed for good."""
    with connection.cursor() as cursor:
        with owning():
            cursor.execute(SLOW)
        cursor.execute("SET LOCAL statement_timeout = '1s'")
    assert sealer.seal_due(clock.now())
    assert not sealer.seal_due(clock.now())


def test_statements_are_sealed_where_the_books_are_not(month: Month, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealing, "SEAL", "SELECT 1 / 0 WHERE %s <> ''")
    with pytest.raises(DataError), transaction.atomic():
        background.seal(timestamp=0)
    assert background.seal_statements(timestamp=0)
    assert sealed(month) >= 3


def test_no_word_of_the_site_keeps_the_books_of_a_month_unsealed(month: Month, attack: Attack) -> None:
    said = SAY.replace("statements.sealed", "ledger.sealed")
    for subject in (f"ledger:{month}", "ledger:x", f"ledger:{Month.of(clock.now())}"):
        attack(said, [subject, json.dumps({"transfers": 0, "root": "0" * 64})], guard=BOOKS)
    attack(sealing.SEAL, [str(Month.of(clock.now()))], guard=BOOKS)
    # What an owner wrote that is no seal takes no place.
    bogus("ledger.sealed", f"ledger:{month}", {"transfers": "many", "root": [1]})
    assert sealing.seal_due(clock.now())
    attack(sealing.SEAL, [str(month)], guard=BOOKS)
    assert [(size, root) for of, size, root in sealing.sealed() if of == month] == [sealing.root(month)]


@pytest.mark.parametrize("transfers", [1, 2, 3])
def test_the_database_reckons_the_root_that_anybody_does(month: Month, transfers: int) -> None:
    """Whatever letters a transfer has in it, and however many a tree of them has."""
    ref = "chr(34) || chr(92) || chr(47) || chr(10) || chr(9) || chr(1) || chr(127) || 'é' || chr(8232) || chr(128512)"
    kept = f"SELECT id FROM payments_transfer ORDER BY id DESC LIMIT {transfers}"
    touch("payments_transfer", f"UPDATE payments_transfer SET ref = {ref}, posted_at = '2001-02-28 23:59:59.999999+00'"
          f" WHERE id IN ({kept})")  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(sealing.SEAL, ["2001-02"])
    old = Month.named("2001-02")
    assert [(size, root) for of, size, root in sealing.sealed() if of == old] == [sealing.root(old)]
    assert sealing.root(old)[0] == transfers


def test_no_word_of_the_site_keeps_a_month_unsealed(month: Month, samuel: Person, attack: Attack) -> None:
    members, digests, nonces = hashes(month)
    for root in ({"root": "0" * 64}, {}):
        attack(SAY, [f"statements:{month}", json.dumps(root)], guard=WHOLE)
    row = "INSERT INTO payments_sealedstatement (person_id, month, place, digest, nonce) VALUES (%s, %s, 0, %s, %s)"
    attack(row, [members[0], str(month), digests[0], nonces[0]], guard="permission denied")
    attack(sealed_statements.SEAL, [str(month), members[1:], digests[1:], nonces[1:]], guard=WHOLE)
    attack(
        sealed_statements.SEAL,
        [str(month), [*members, samuel.pk], [*digests, "0" * 64], [*nonces, "0" * 32]],
        guard=WHOLE,
    )
    attack(sealed_statements.SEAL, ["2999-01", [], [], []], guard=WHOLE)
    attack(sealed_statements.SEAL, ["x", [], [], []], guard=WHOLE)
    before, first = (month.first - timedelta(days=days) for days in (20, 50))
    # The books do not begin before the first transfer.
    attack(sealed_statements.SEAL, [str(Month.of(before)), [], [], []], guard=WHOLE)
    attack(sealing.SEAL, [str(Month.of(before))], guard=BOOKS)
    touch("payments_transfer", f"UPDATE payments_transfer SET posted_at = '{first}' WHERE id IN "
          "(SELECT min(id) FROM payments_transfer)")  # fmt: skip
    # Nothing was in it, but it is a month of the books.
    with connection.cursor() as cursor:
        cursor.execute(sealed_statements.SEAL, [str(Month.of(before)), [], [], []])
    attack(sealed_statements.SEAL, [str(Month.of(before)), [], [], []], guard=WHOLE)
    sealed_statements.seal_due(clock.now())
    assert sealed(month) == len(members)
    assert not sealed_statements.unlike()


def test_a_leaf_cannot_be_guessed_from_the_file(month: Month, amina: Person, luis: Person) -> None:
    sealed_statements.seal_due(clock.now())
    mine, other = (sealed_statements.proof(person, month) for person in (amina, luis))
    assert mine
    assert other
    assert len({*SealedStatement.objects.filter(month=str(month)).values_list("nonce", flat=True)}) == sealed(month)
    # Whoever knows a neighbour's whole file, in whatever order they try, does not find it in their own path.
    known = tree.leaf_hash(f"{month} {other.sha256}".encode()).hex()
    assert known not in [*mine.path, mine.root]
    leaf = tree.leaf_hash(f"{month} {other.sha256} {other.nonce}".encode())
    path = [bytes.fromhex(node) for node in other.path]
    assert tree.is_included(leaf, other.place, other.size, path, bytes.fromhex(mine.root))


def test_a_month_that_was_sealed_without_nonces_stays_checkable(
    month: Month, amina: Person, samuel: Person, tmp_path: Path
) -> None:
    from payments import check_statement  # noqa: PLC0415 - it is a script

    (tmp_path / "kept.csv").write_bytes(b"kept")
    digest, old = hashlib.sha256(b"kept").hexdigest(), Month.named("2001-01")
    row = "INSERT INTO payments_sealedstatement (person_id, month, place, digest, nonce) VALUES (%s, %s, %s, %s, '')"
    root = tree.root_of([tree.leaf_hash(f"{old} {one}".encode()) for one in (digest, "f" * 64)])
    for place, (person, one) in enumerate(((amina, digest), (samuel, "f" * 64))):
        touch("payments_sealedstatement", row.replace("%s", "{}").format(person.pk, f"'{old}'", place, f"'{one}'"))
    bogus("statements.sealed", f"statements:{old}", {"root": root.hex()})
    assert str(old) not in sealed_statements.unlike()
    proof = sealed_statements.proof(amina, old)
    assert proof
    for said in (asdict(proof), {name: fact for name, fact in asdict(proof).items() if name != "nonce"}):
        (tmp_path / "proof.json").write_text(json.dumps(said))
        assert not check_statement.wrong(tmp_path / "kept.csv", tmp_path / "proof.json", None)


def test_a_hash_that_was_touched_is_found_by_night(month: Month, amina: Person) -> None:
    sealed_statements.seal_due(clock.now())
    assert not [one for one in ledger.facts(lambda _rows: None) if "sealedstatement" in str(one)]
    touch("payments_sealedstatement", f"UPDATE payments_sealedstatement SET digest = '0' WHERE person_id = {amina.pk}")
    assert sealed_statements.unlike() == [str(month)]
    assert [one for one in ledger.facts(lambda _rows: None) if "sealedstatement" in str(one)]


def test_who_was_left_out_is_found_by_night(month: Month, amina: Person, later: Callable[..., datetime]) -> None:
    sealing.seal_due(clock.now())
    assert not sealed_statements.left_out(clock.now())
    at = later(hours=25)
    assert str(month) in sealed_statements.left_out(at)
    assert [one for one in ledger.facts(lambda _rows: None) if "not sealed a day after" in str(one)]
    sealed_statements.seal_due(at)
    assert not sealed_statements.left_out(at)
    touch("payments_sealedstatement", f"DELETE FROM payments_sealedstatement WHERE person_id = {amina.pk}")
    assert sealed_statements.left_out(at) == [str(month)]


@pytest.mark.parametrize("kind", ["statements.sealed", "ledger.sealed"])
def test_a_seal_that_is_none_is_found_and_ends_no_proof(
    month: Month, amina: Person, signed_in: SignedIn, kind: str
) -> None:
    bad: tuple[object, ...] = ({}, [], {"root": [1], "transfers": "many"})
    before = len(proof.prove(clock.now()).broken)
    of = kind.partition(".")[0]
    subjects = [f"{of}:x", f"{of}:9999-12", f"{of}:0001-01", f"x:{month}", "", f"{of}:{month}"]
    for subject in subjects:
        for data in bad:
            bogus(kind, subject, data)
    found = [one for one in ledger.walk(lambda _rows: None) if "seal" in str(one)]
    # Of the books each such event is told, of statements what each subject said first.
    assert len(found) == len(subjects) * {"ledger": 3, "statements": 1}[of]
    assert len(proof.prove(clock.now()).broken) > before
    background.seal(timestamp=0)
    background.seal_statements(timestamp=0)
    assert signed_in(amina).get(f"/pay/statements/{month}/").status_code == 200
    assert Browser().get(f"/ledger/{month}.json").status_code == 200


def test_a_later_form_of_the_file_leaves_what_was_sealed(
    month: Month, amina: Person, signed_in: SignedIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    sealed_statements.seal_due(clock.now())
    was = statement_files.digest(monthly.statement(amina, month))
    monkeypatch.setattr(statement_files, "COLUMNS", (*statement_files.COLUMNS, "more"))
    page = signed_in(amina).get(f"/pay/statements/{month}/").text
    assert "another hash than the one sealed" in page
    assert was in page
    assert not sealed_statements.unlike()
