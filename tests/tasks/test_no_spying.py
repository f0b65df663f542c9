"""Of how somebody works nothing is kept but from when to when: no keys, no screens, no movements, no machine."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.db import connection

ROOT = Path(settings.BASE_DIR)
OURS = ("people", "record", "governance", "payments", "tasks", "coop")
# What spying on work would be called, in any part of a name.
WATCHES = re.compile(
    r"(^|_)(key(stroke|press|down|up)s?|mouse|cursor|pointer|click|scroll|screen(shot)?|webcam|camera|photo|face|gaze|"
    r"location|latitude|longitude|gps|ip|ip_address|user_agent|fingerprint_of|device|browser|idle|focus|tab|window|"
    r"heartbeat|activity|speed|productivity|typing|clipboard|pasted?)(_|$)"
)
# A name that looks like it and is something else.
FINE: dict[str, str] = {}
# What a script may listen to, by file: only that the page is used, which `time.js` turns into seconds.
SAYS_TIME = "coop/static/coop/time.js"
NETWORK = re.compile(r"\b(fetch|sendBeacon|XMLHttpRequest|WebSocket|EventSource|RTCPeerConnection)\b")
NEVER = re.compile(
    r"getUserMedia\(\{[^}]*video|getDisplayMedia|navigator\.(userAgent|geolocation|platform|plugins|hardwareConcurrency)|"
    r"toDataURL|IdleDetector|navigator\.clipboard\.read|FingerprintJS"
)


COLUMNS = """SELECT table_name || '.' || column_name FROM information_schema.columns
WHERE table_schema = 'public' AND table_name !~ '^procrastinate_'"""


def scripts() -> Iterator[tuple[str, str]]:
    """Yield every script of the site with its text."""
    for app in ("coop", "tasks", "payments", "governance"):
        for path in sorted((ROOT / app).rglob("*.js")):
            yield str(path.relative_to(ROOT)), path.read_text()


def test_no_table_has_a_column_for_what_spying_would_keep() -> None:
    models = [model for label in OURS for model in apps.get_app_config(label).get_models()]
    named = {f"{model._meta.label}.{field.name}" for model in models for field in model._meta.concrete_fields}  # noqa: SLF001
    assert len(named) > 300
    assert {name for name in named if WATCHES.search(name.rpartition(".")[2])} == set(FINE)


@pytest.mark.django_db
def test_no_table_outside_the_models_has_one_either() -> None:
    with connection.cursor() as cursor:
        cursor.execute(COLUMNS)
        names = {name for (name,) in cursor.fetchall()}
    assert {name for name in names if WATCHES.search(name.rpartition(".")[2])} == set()


def test_a_span_is_from_when_to_when_and_nothing_else() -> None:
    span = apps.get_model("tasks.Span")
    fields = {field.name for field in span._meta.concrete_fields}  # noqa: SLF001 - Django's own name
    assert fields == {"id", "assignment", "person", "from_at", "to_at", "told", "noted_at"}


def test_what_the_page_says_of_time_is_two_numbers() -> None:
    (said,) = [text for name, text in scripts() if name == SAYS_TIME]
    (sent,) = re.findall(r"URLSearchParams\(\{([^}]*)\}", said)
    assert [part.partition(":")[0].strip() for part in sent.split(",")] == ["seconds", "ago", "csrfmiddlewaretoken"]
    assert "addEventListener(kind, () => { used = true; }," in said
    assert said.count("addEventListener") == 2  # that, and whether the page is seen
    assert len(NETWORK.findall(said)) == 1


def test_no_script_looks_at_the_person_or_their_machine() -> None:
    texts = dict(scripts())
    assert SAYS_TIME in texts
    assert {name for name, text in texts.items() if NEVER.search(text)} == set()


def test_only_these_scripts_say_anything_to_us() -> None:
    # The time, what is written so far, and what is still missing in it; a cloud of points is read, not said.
    assert {name for name, text in scripts() if NETWORK.search(text)} == {
        SAYS_TIME, "coop/static/coop/writing.js", "tasks/static/tasks/cloud.js",
    }  # fmt: skip


@pytest.mark.parametrize("name", ["keystrokes", "mouse_moves", "last_ip", "screenshot", "idle_seconds", "user_agent"])
def test_the_walk_would_see_it(name: str) -> None:
    assert WATCHES.search(name)
