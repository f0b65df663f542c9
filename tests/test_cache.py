"""The cache is a table that the web role writes: what stands there is a value, and never a program (A10)."""

import base64
import os
import pickle
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client as Browser
from django.utils import timezone

pytestmark = pytest.mark.django_db
PLANT = """INSERT INTO coop_cache (cache_key, value, expires) VALUES (%s, %s, %s)
    ON CONFLICT (cache_key) DO UPDATE SET value = excluded.value, expires = excluded.expires"""


class Program:
    """What a pickle makes of it when it is read as Django's own cache reads it: a call."""

    def __init__(self, call: Callable[..., object], *said: object) -> None:
        """Keep what is called, and what is said to it."""
        self.call, self.said = call, said

    def __reduce__(self) -> tuple[Callable[..., object], tuple[object, ...]]:
        return self.call, self.said


def plant(value: bytes, key: str = "asked", seconds: int = 60) -> None:
    """Write into the table as whoever has the web role's password does."""
    with connection.cursor() as cursor:
        until = timezone.now() + timedelta(seconds=seconds)
        cursor.execute(PLANT, [f":1:{key}", base64.b64encode(value).decode(), until])


def test_a_program_in_the_table_is_not_run(tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    program = pickle.dumps(Program(os.mkdir, str(trace)))
    plant(program)
    assert cache.get("asked", "nothing") == "nothing"
    assert not trace.exists()
    pickle.loads(program)  # noqa: S301 - else the program would do nothing anyway
    assert trace.exists()


@pytest.mark.parametrize("value", [
    b"", b"nonsense", pickle.dumps([1])[:-2], pickle.dumps(timedelta(1)), b"cos\nsystem\n.", b"\x80\x04\x82\x01.",
])  # fmt: skip
def test_what_is_no_plain_value_is_as_if_not_there(value: bytes) -> None:
    plant(value)
    assert cache.get("asked", "nothing") == "nothing"
    assert cache.get_many(["asked", "other"]) == {}


@pytest.mark.parametrize("value", [None, True, 7, 1.5, "words", ["a", 1.25], {"tries": [1, 2]}, ("a",), b"bytes"])
def test_plain_values_are_kept_until_they_run_out(value: object) -> None:
    cache.set("asked", value, 60)
    assert cache.get("asked", "nothing") == value
    assert cache.get_many(["asked", "other"]) == {"asked": value}
    assert not cache.add("asked", "another", 60)
    plant(pickle.dumps(value), seconds=-1)
    assert cache.get("asked", "nothing") == "nothing"
    assert cache.add("asked", "another", 60)
    assert cache.get("asked") == "another"
    cache.delete("asked")
    assert cache.get("asked", "nothing") == "nothing"


def test_sign_in_goes_on_over_a_spoilt_cache() -> None:
    wrong = {"login": "amina@example.com", "password": "not hers at all"}
    Browser().post("/account/login/", wrong)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE coop_cache SET value = 'spoilt' RETURNING cache_key")
        assert cursor.fetchall()
    assert Browser().post("/account/login/", wrong).status_code == 200


def test_whoever_tries_a_thousand_names_has_no_limit_forgotten() -> None:
    cache.set("a-limit-on-signing-in", [1], 300)
    for number in range(1000):
        plant(pickle.dumps(1), f":1:somebody-{number}", seconds=300)
    cache.set("one-more", 1, 300)
    assert cache.get("a-limit-on-signing-in") == [1]
