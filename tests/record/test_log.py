from collections.abc import Callable
from datetime import datetime
from threading import Thread

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import connection, connections

from coop import clock
from coop.people.models import Person
from coop.record import events, log, tree
from coop.record.models import Event, Leaf
from tests.record.waiting import EARLIER, settle, until

pytestmark = pytest.mark.django_db


def write(person: Person, count: int = 5) -> None:
    at = clock.now()
    events.write_many(
        [events.Entry("jobs.opened", person.pk, f"job:{n}", at, {"n": n, "ü": "ß"}) for n in range(count)]
    )


@pytest.mark.usefixtures("committed")
def test_each_committed_event_gets_the_next_place(amina: Person) -> None:
    write(amina)
    settle()
    before = log.head()
    write(amina, 7)
    until(EARLIER)
    assert log.seal() == 7
    assert list(Leaf.objects.order_by("index").values_list("index", flat=True)) == list(range(before.size + 7))
    assert log.seal() == 0


@pytest.mark.usefixtures("committed")
def test_an_event_still_open_is_not_overtaken(amina: Person, owner: psycopg.Connection) -> None:
    settle()
    owner.execute("INSERT INTO record_event (at, kind, subject, data) VALUES (coop_now(), 'a.slow', 'x:1', '{}')")
    write(amina, 3)
    assert log.seal() == 0
    owner.commit()
    until(EARLIER)
    assert log.seal() == 4
    assert Leaf.objects.order_by("-index")[3].event.kind == "a.slow"


@pytest.mark.usefixtures("committed")
def test_the_head_is_the_tree_over_all_events(amina: Person) -> None:
    write(amina)
    settle()
    first = log.head()
    write(amina, 6)
    settle()
    head = log.head()
    leaves = [bytes(leaf) for leaf in Leaf.objects.order_by("index").values_list("leaf_hash", flat=True)]
    assert (head.size, head.root) == (len(leaves), tree.root_of(leaves))
    assert tree.is_included(leaves[3], 3, head.size, log.inclusion(3), head.root)
    assert tree.only_grew(first.size, first.root, head.size, head.root, log.consistency(first.size))


@pytest.mark.usefixtures("committed")
def test_an_untouched_log_verifies(amina: Person, capsys: pytest.CaptureFixture[str]) -> None:
    write(amina)
    settle()
    assert log.verify_chain() is None
    call_command("check_record")
    assert "none altered" in capsys.readouterr().out


@pytest.mark.usefixtures("committed")
@pytest.mark.parametrize(
    ("tampering", "finding"),
    [
        ("UPDATE record_event SET data = '{\"n\": 99}' WHERE id = %s", "the event is not the one that was sealed"),
        ("UPDATE record_event SET actor_id = NULL WHERE id = %s", "the event is not the one that was sealed"),
        (
            "UPDATE record_leaf SET leaf_hash = sha256('x') WHERE event_id = %s",
            "the event is not the one that was sealed",
        ),
        ("UPDATE record_leaf SET chain_hash = sha256('x') WHERE event_id = %s", "the chain does not follow"),
        ("DELETE FROM record_leaf WHERE event_id = %s", "a place is missing"),
        ("DELETE FROM record_event WHERE id = %s", "the event is not the one that was sealed"),
    ],
)
def test_what_the_superuser_altered_is_found(
    amina: Person, superuser: psycopg.Connection, tampering: str, finding: str
) -> None:
    write(amina)
    settle()
    victim = Leaf.objects.order_by("-index")[2]
    superuser.execute("ALTER TABLE record_event DISABLE TRIGGER ALL")
    superuser.execute("ALTER TABLE record_leaf DISABLE TRIGGER ALL")
    superuser.execute(tampering, [victim.event_id])
    superuser.commit()
    altered = log.verify_chain()
    assert altered is not None
    assert altered.index == victim.index
    assert altered.what.startswith(finding)
    with pytest.raises(CommandError, match=f"Place {victim.index}, event"):
        call_command("check_record")


@pytest.mark.usefixtures("committed")
def test_an_event_slipped_in_behind_the_log_is_found(amina: Person, superuser: psycopg.Connection) -> None:
    write(amina)
    settle()
    superuser.execute("ALTER TABLE record_event DISABLE TRIGGER ALL")
    superuser.execute(
        "INSERT INTO record_event (at, kind, subject, data, transaction) VALUES (coop_now(), 'a.b', 'c:1', '{}', 1)"
    )
    superuser.commit()
    altered = log.verify_chain()
    assert altered is not None
    assert Event.objects.get(pk=altered.event).kind == "a.b"


@pytest.mark.usefixtures("committed")
def test_two_who_seal_at_once_give_each_event_one_place(amina: Person) -> None:
    write(amina, 2_000)
    until(EARLIER)
    ends: list[int] = []

    def seal() -> None:
        try:
            ends.append(log.seal())
        finally:
            connections["default"].close()

    threads = [Thread(target=seal) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    settle()
    assert Leaf.objects.count() == Event.objects.count()
    assert log.verify_chain() is None


PLACE = """
INSERT INTO record_leaf (index, event_id, leaf_hash, chain_hash)
SELECT last.index + %s, event.id, {leaf}, {chain}
FROM record_event event, (SELECT * FROM record_leaf ORDER BY index DESC LIMIT 1) last
WHERE event.id = (SELECT max(id) FROM record_event)
"""
LEAF = "sha256('\\x00'::bytea || convert_to(record_event_text(event), 'UTF8'))"
CHAIN = f"sha256(last.chain_hash || {LEAF})"


@pytest.mark.usefixtures("committed")
@pytest.mark.parametrize(
    ("leaf", "chain", "step"),
    [("sha256('another')", CHAIN, 1), (LEAF, "sha256('another')", 1), (LEAF, CHAIN, 2)],
)
def test_a_place_follows_from_its_event_and_the_one_before(
    amina: Person, attack: Callable[..., None], leaf: str, chain: str, step: int
) -> None:
    write(amina)
    settle()
    write(amina, 1)
    until(EARLIER)
    attack(PLACE.format(leaf=leaf, chain=chain), [step], guard="leaves_follow_the_events")
    with connection.cursor() as cursor:
        cursor.execute(PLACE.format(leaf=LEAF, chain=CHAIN), [1])
    assert log.verify_chain() is None


@pytest.mark.parametrize(
    "statement", ["UPDATE record_leaf SET index = 0", "DELETE FROM record_leaf", "TRUNCATE record_leaf"]
)
def test_a_place_is_never_changed(attack: Callable[..., None], statement: str) -> None:
    attack(statement, guard="permission denied for table record_leaf")


def test_an_event_not_yet_committed_has_no_place(attack: Callable[..., None], amina: Person, now: datetime) -> None:
    events.write("jobs.opened", by=amina, subject="job:1", at=now)
    statement = f"""
        INSERT INTO record_leaf (index, event_id, leaf_hash, chain_hash) SELECT 0, event.id, {LEAF}, sha256({LEAF})
        FROM record_event event WHERE id = (SELECT max(id) FROM record_event)
    """
    attack(statement, guard="leaves_follow_the_events")
