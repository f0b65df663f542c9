"""What import-linter does not see: sizes, links that point up, views that write, migrations without a name."""

import ast
import re
import statistics
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

ROOT = Path(settings.BASE_DIR)
APPS = ("coop", "tasks", "payments", "governance")
# Each app may know those after it, never those before.
ORDER = ["coop", "tasks", "payments", "governance", "record", "people"]
TOP_LEVEL = {"manage.py", "pyproject.toml", "README.md", "uv.lock", "LICENSE", "CHANGELOG.md", "tests", *APPS}


def sources(*, tests: bool = False) -> list[Path]:
    """Return the project's own Python files, migrations left out."""
    roots = (*APPS, "tests") if tests else APPS
    found = [path for root in roots for path in (ROOT / root).rglob("*.py")]
    return [path for path in found if "migrations" not in path.parts]


def functions(path: Path) -> Iterator[tuple[str, int]]:
    """Yield each function's name and length in lines."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield f"{path.relative_to(ROOT)}:{node.lineno} {node.name}", (node.end_lineno or 0) - node.lineno + 1


def test_functions_are_short() -> None:
    lengths = dict(item for path in sources() for item in functions(path))
    assert not [name for name, lines in lengths.items() if lines > 40]
    assert statistics.median(lengths.values()) <= 8


def test_files_are_short() -> None:
    lengths = {str(path.relative_to(ROOT)): path.read_text().count("\n") for path in sources()}
    assert not {name: lines for name, lines in lengths.items() if lines > 400}


def test_the_top_level_holds_what_the_architecture_says() -> None:
    visible = {path.name for path in ROOT.iterdir() if not path.name.startswith((".", "__"))}
    assert visible <= TOP_LEVEL


def test_no_file_has_a_name_that_says_nothing() -> None:
    vague = {"services", "utils", "helpers", "common", "managers", "signals", "misc"}
    assert not [path for path in sources() if path.stem in vague]


def test_nothing_overrides_save_or_listens_to_signals() -> None:
    text = {path: path.read_text() for path in sources()}
    assert not [path for path, code in text.items() if re.search(r"def save\(self|@receiver|\.connect\(receiver", code)]


def app_of(path: Path) -> str:
    """Return the layer that a file belongs to."""
    parts = path.relative_to(ROOT).parts
    return parts[1] if parts[0] == "coop" and parts[1] in {"people", "record"} else parts[0]


def test_migrations_depend_only_downwards() -> None:
    pointing_up = []
    for path in (found for app in APPS for found in (ROOT / app).rglob("migrations/0*.py")):
        own = ORDER.index(app_of(path))
        for label, name in re.findall(r'\("(\w+)", "(\d{4}_\w+)"\)', path.read_text()):
            # The clock is the house's, yet the lowest of all: it knows nobody.
            clock = (label, name) == ("coop", "0001_initial")
            if label in ORDER and ORDER.index(label) < own and not clock:
                pointing_up.append((str(path), label))
    assert not pointing_up


def test_links_and_foreign_keys_point_downwards() -> None:
    pointing_up = []
    files = [*sources(), *(found for app in APPS for found in (ROOT / app).rglob("*.html"))]
    for path in files:
        own = app_of(path)
        above = ORDER[1 : ORDER.index(own)] if own != "coop" else []
        if own in {"people", "record"}:
            continue  # their pages stand in the house's frame, which knows every address
        text = path.read_text()
        links = re.findall(r"""(?:{% url ['"]|reverse\(['"]|redirect\(['"])(\w+):""", text)
        keys = re.findall(r"""(?:ForeignKey|OneToOneField)\(\s*["'](\w+)\.""", text)
        pointing_up += [(str(path.relative_to(ROOT)), name) for name in {*links, *keys} if name in above]
    assert not pointing_up


def test_views_never_write() -> None:
    writing = re.compile(r"\.(save|create|bulk_create|update|delete|get_or_create|update_or_create)\(")
    views = [path for path in sources() if path.stem == "views" or "views" in path.parts]
    assert views
    assert not [(str(path), line) for path in views for line in path.read_text().splitlines() if writing.search(line)]


@pytest.mark.parametrize("app", ["coop", "coop/people", "coop/record", "governance", "payments", "tasks"])
def test_migrations_have_names(app: str) -> None:
    names = [path.stem for path in (ROOT / app / "migrations").glob("0*.py")]
    assert names
    assert not [name for name in names if "_auto_" in name]


def test_there_is_one_database_alias() -> None:
    assert list(settings.DATABASES) == ["default"]
