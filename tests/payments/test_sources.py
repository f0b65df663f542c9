"""Pay and access read the instruments and nothing else (D3, A8): code and guards are walked for other sources."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.db import connection

ROOT = Path(settings.BASE_DIR)
# Whatever decides what somebody earns, is offered or may do; pages show it and decide nothing.
DECIDING = [
    path
    for pattern in ("payments/*.py", "payments/policies/*.py", "tasks/*.py")
    for path in sorted(ROOT.glob(pattern))
    if path.stem not in {"forms", "urls", "urls_work", "bounded", "apps", "background", "exports"}
]
FORBIDDEN_MODULES = {"os", "environ", "random", "secrets", "socket", "requests", "urllib", "django.core.cache"}
# A setting that a deciding module may read, and why it reaches no pay.
SETTINGS = {
    ("payments/due.py", "PAYMENTS_DUE"): "which acts fall due by time; each act reads its own instruments",
    ("tasks/notices.py", "ORIGIN"): "the address in a letter, which decides nothing",
    ("tasks/alerts.py", "ORIGIN"): "likewise",
    ("payments/details.py", "ORIGIN"): "likewise",
    ("tasks/badges.py", "ORIGIN"): "who says what a member passed, when it was paid long before",
    ("tasks/certificates.py", "ORIGIN"): "who says what was paid, when it was paid long before",
    ("tasks/certificates.py", "SIGNING_KEY"): "what signs what was paid, never how much",
    ("payments/envelopes.py", "PAYOUT_KEYS"): "what seals where money goes, never how much",
    ("payments/connecting.py", "ORIGIN"): "the page that Stripe leads back to",
    ("payments/proof.py", "ORIGIN"): "the address in a letter, which decides nothing",
    ("payments/cards.py", "ORIGIN"): "the address in a letter, which decides nothing",
    ("payments/cards.py", "STRIPE_URL"): "whether cards can be taken at all",
    ("tasks/invoice_files.py", "BANK_ACCOUNT"): "the house's own account, told to who pays in",
    ("payments/runs.py", "BANK_ACCOUNT"): "the house's own account, which a bank's file says money comes from",
    ("payments/policies/kinds.py", "SHAPES"): "the kinds of answer that the site has code for, no pay",
    ("tasks/datasets.py", "DATASET_UPLOAD_MAX_BYTES"): "how large a client's file may be",
    ("tasks/datasets.py", "DATASET_STREAM_MAX_BYTES"): "likewise, by the API",
    ("tasks/holding.py", "CLIENT_MAX_BYTES"): "how much of the disk a client may take",
    ("tasks/sketches.py", "DATASET_UPLOAD_MAX_BYTES"): "likewise, of a job half written",
}
# A module of the list above that a deciding module may use, and why it reaches no pay.
MODULES = {("payments/envelopes.py", "secrets"): "the salt of a sealed address; nothing is decided by chance"}
# A field of a model that a deciding module may read, and why. A new field that these modules read fails here first.
PAY_FIELDS: dict[str, dict[str, str]] = {
    "payments.Rate": dict.fromkeys(
        ("id", "work_type", "version", "amount", "currency", "estimated_seconds", "mandate", "since"), "the instrument"
    ),
    "payments.Fee": dict.fromkeys(
        ("id", "version", "on_wage", "training", "care", "floor", "mandate", "since"), "the instrument"
    ),
    "payments.Instrument": dict.fromkeys(
        ("id", "kind", "key", "version", "value", "mandate", "since"), "the instrument"
    ),
    "payments.WorkType": dict.fromkeys(
        ("id", "slug", "name", "unit", "shape", "tier", "language", "created_at"), "the class, append-only (D5)"
    ),
    "tasks.Job": {
        "id": "names the job", "client": "whose it is", "work_type": "the class", "title": "the family (D5)",
        "guide": "frozen once open", "form": "frozen once open", "overlap": "frozen once open",
        "pay": "rises and never falls, at least the rate", "review_rule": "frozen once open",
        "review_days": "within acceptance, frozen once open", "time_limit": "within time_limit, frozen once open",
        "sensitivity": "shown beforehand", "content": "frozen from the start",
        "is_onboarding": "the cooperative's own, by its guard",
        "pass_mark": "frozen once open", "created_by": "who drafted it", "drafted_at": "when",
        "opened_at": "by its guards", "closed_at": "stays closed",
        "task_bytes": "shown beforehand, decides nothing",
    },
    "tasks.Assignment": {
        "id": "names it", "task": "frozen", "job": "frozen", "person": "frozen", "slot": "frozen",
        "rate": "the version it was claimed at (E2)", "fee_version": "likewise", "card": "what was shown",
        "pay": "frozen at the claim", "fee": "frozen at the claim", "state": "moves forward", "claimed_at": "frozen",
        "expires_at": "by the job's time limit", "submitted_at": "by its guard", "accept_by": "by the job's days",
        "decided_at": "by its guard", "team": "frozen: who agreed to share the pay, and how",
    },
    "tasks.Rescoping": {"job": "by the database, when it opens (N4)", "at": "likewise"},
    "tasks.Pilot": dict.fromkeys(
        ("id", "job", "units", "people", "median_seconds", "least_pay", "measured_at"), "measured by the database (N4)"
    ),
}  # fmt: skip
# What the functions that decide in the database may look at besides `public` tables that have guards.
NOT_READ = re.compile(r"current_setting\('(?!transaction_isolation)|pg_settings|inet_client|current_query|random\(\)")
DECIDING_FUNCTIONS = re.compile(
    r"^(payments_|tasks_may_work|tasks_least_pay|tasks_money_needed|tasks_set_aside|tasks_(former|rescopes|note|measure)|"
    r"guard_(rate|fee|instrument|payout|job|pilot|no_vote|"
    r"assignment|work_is|wage|money|unclaimed|impact))"
)


def imported(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def settings_read(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "settings":
            yield node.attr
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in {"getattr", "vars"}:
            yield from ("?" for found in node.args if isinstance(found, ast.Name) and found.id == "settings")


@pytest.mark.parametrize("path", DECIDING, ids=[str(path.relative_to(ROOT)) for path in DECIDING])
def test_what_decides_pay_and_access_reads_no_other_source(path: Path) -> None:
    tree, name = ast.parse(path.read_text()), str(path.relative_to(ROOT))
    assert not {module for module in imported(tree) if module in FORBIDDEN_MODULES and (name, module) not in MODULES}
    assert not [setting for setting in settings_read(tree) if (name, setting) not in SETTINGS]


def test_every_exception_is_still_needed_and_says_why() -> None:
    for (name, setting), why in SETTINGS.items():
        assert setting in settings_read(ast.parse((ROOT / name).read_text()))
        assert why


@pytest.mark.parametrize("model", PAY_FIELDS)
def test_a_new_field_where_pay_is_decided_is_looked_at_first(model: str) -> None:
    fields = {field.name for field in apps.get_model(model)._meta.concrete_fields}  # noqa: SLF001 - Django's own name
    assert fields == set(PAY_FIELDS[model])
    assert all(PAY_FIELDS[model].values())


def test_a_source_put_in_is_found(tmp_path: Path) -> None:
    sneaky = "import os\nfrom django.conf import settings\nfrom django.core.cache import cache\n"
    tree = ast.parse(sneaky + "def rate():\n    return settings.RATE or getattr(settings, 'X') or cache.get('rate')\n")
    assert set(imported(tree)) & FORBIDDEN_MODULES == {"os", "django.core.cache"}
    assert set(settings_read(tree)) == {"RATE", "?"}


def deciding_functions() -> list[tuple[str, str]]:
    with connection.cursor() as cursor:
        cursor.execute("""SELECT proname, coalesce(prosrc, '') || coalesce(pg_get_functiondef(oid), '') FROM pg_proc
            WHERE pronamespace = 'public'::regnamespace AND prokind = 'f'""")
        return [(name, source) for name, source in cursor.fetchall() if DECIDING_FUNCTIONS.match(name)]


def test_the_database_decides_on_its_tables_alone(db: None) -> None:
    found = deciding_functions()
    assert len(found) > 30
    assert not [name for name, source in found if NOT_READ.search(source)]


def test_the_database_reads_tables_that_no_administrator_rewrites(db: None) -> None:
    """Every table that a deciding function names is a table or view of ours; sessions and caches are not among them."""
    named = {
        table for _name, source in deciding_functions() for table in re.findall(r"public\.([a-z_]+)\b(?!\()", source)
    }
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'v')"
        )
        tables = {table for (table,) in cursor.fetchall()}
    ours = re.compile(r"^(payments_|tasks_|governance_|people_|coop_clockadvance|coop_cooperative|record_event)")
    assert not [table for table in named & tables if not ours.match(table)]
    assert "coop_cache" in tables
