"""Pay and access read the instruments and nothing else (D3, A8): code and guards are walked for other sources."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.db import connection

from tests.payments.conftest import owning

ROOT = Path(settings.BASE_DIR)
# Whatever decides what somebody earns, is offered or may do, and what stands so near to it that it could.
DECIDING = [
    path
    for app in ("payments", "tasks", "governance", "coop/people")
    for path in sorted((ROOT / app).rglob("*.py"))
    if "migrations" not in path.parts
]
FORBIDDEN_MODULES = {
    "os", "environ", "random", "secrets", "socket", "requests", "urllib", "django.core.cache", "coop.settings",
}  # fmt: skip
# To take an address apart reads nothing.
READS_NOTHING = "urllib.parse"
LETTER = "the address in a letter or a file, which decides nothing"
UPLOAD = "how large a client's file may be"
WAY = "whether this way to be paid can be reached, and where; never how much"
LANGUAGE = "the language of a page"
# A setting that a deciding module may read, and why it reaches no pay.
SETTINGS = {
    ("payments/due.py", "PAYMENTS_DUE"): "which acts fall due by time; each act reads its own instruments",
    ("tasks/notices.py", "ORIGIN"): LETTER,
    ("tasks/alerts.py", "ORIGIN"): LETTER,
    ("payments/details.py", "ORIGIN"): LETTER,
    ("governance/notices.py", "ORIGIN"): LETTER,
    ("governance/errands.py", "ORIGIN"): LETTER,
    ("governance/posting.py", "ORIGIN"): LETTER,
    ("governance/wishes.py", "ORIGIN"): LETTER,
    ("coop/people/addresses.py", "ORIGIN"): LETTER,
    ("payments/proof.py", "ORIGIN"): LETTER,
    ("payments/came_back.py", "ORIGIN"): LETTER,
    ("tasks/invitations.py", "ORIGIN"): LETTER,
    ("payments/proof.py", "WALKS_OF_MONEY"): "what looks at the books by night, and moves nothing",
    ("payments/cards.py", "ORIGIN"): LETTER,
    ("tasks/formats/croissant.py", "ORIGIN"): LETTER,
    ("tasks/badges.py", "ORIGIN"): "who says what a member passed, when it was paid long before",
    ("tasks/certificates.py", "ORIGIN"): "who says what was paid, when it was paid long before",
    ("tasks/certificates.py", "SIGNING_KEY"): "what signs what was paid, never how much",
    ("payments/envelopes.py", "PAYOUT_KEYS"): "what seals where money goes, never how much",
    ("payments/connecting.py", "ORIGIN"): "the page that Stripe leads back to",
    ("tasks/views/cards.py", "ORIGIN"): "likewise",
    ("tasks/api/views_money.py", "ORIGIN"): "likewise",
    ("tasks/scale/answered.py", "ORIGIN"): "where a client's program asks for its answer",
    ("payments/rails/mpesa.py", "ORIGIN"): "where the service says what became of a payout",
    ("payments/rails/mpesa.py", "MPESA_URL"): WAY,
    ("payments/rails/mpesa.py", "MPESA_INITIATOR"): WAY,
    ("payments/rails/mpesa.py", "MPESA_CERTIFICATE"): WAY,
    ("payments/rails/paypal.py", "PAYPAL_URL"): WAY,
    ("payments/rails/stripe.py", "STRIPE_URL"): WAY,
    ("payments/rails/stripe_calls.py", "STRIPE_URL"): WAY,
    ("payments/rails/stripe_calls.py", "STRIPE_HOOKS"): "by what the service signs what it says",
    ("payments/rails/wise.py", "WISE_URL"): WAY,
    ("payments/rails/wise.py", "WISE_KEY"): "by what the service signs what it says",
    ("payments/rails/bank.py", "BANK_ACCOUNT"): WAY,
    ("payments/cards.py", "STRIPE_URL"): "whether cards can be taken at all",
    ("tasks/invoice_files.py", "BANK_ACCOUNT"): "the house's own account, told to who pays in",
    ("tasks/api/views_money.py", "BANK_ACCOUNT"): "likewise",
    ("tasks/invoice_files.py", "INVOICE_NOTE"): "words of the law on an invoice, no figure",
    ("payments/runs.py", "BANK_ACCOUNT"): "the house's own account, which a bank's file says money comes from",
    ("payments/policies/kinds.py", "SHAPES"): "the kinds of answer that the site has code for, no pay",
    ("tasks/shapes/__init__.py", "SHAPES"): "likewise",
    ("governance/checks.py", "GOVERNANCE_POLICIES"): "what can be voted at all; a check names what is missing",
    ("governance/policies.py", "GOVERNANCE_POLICIES"): "likewise; what a vote writes, the guards compare with it",
    ("tasks/datasets.py", "DATASET_UPLOAD_MAX_BYTES"): UPLOAD,
    ("tasks/datasets.py", "DATASET_STREAM_MAX_BYTES"): UPLOAD,
    ("tasks/bounded.py", "DATASET_UPLOAD_MAX_BYTES"): UPLOAD,
    ("tasks/forms.py", "DATASET_UPLOAD_MAX_BYTES"): UPLOAD,
    ("tasks/sketches.py", "DATASET_UPLOAD_MAX_BYTES"): UPLOAD,
    ("tasks/api/parsers.py", "DATASET_UPLOAD_MAX_BYTES"): UPLOAD,
    ("tasks/api/parsers.py", "DATASET_STREAM_MAX_BYTES"): UPLOAD,
    ("tasks/api/views.py", "DATA_UPLOAD_MAX_MEMORY_SIZE"): UPLOAD,
    ("tasks/holding.py", "CLIENT_MAX_BYTES"): "how much of the disk a client may take",
    ("tasks/release_files.py", "CLIENT_MAX_BYTES"): "likewise",
    ("coop/people/limits.py", "API_CALLS_A_MINUTE"): "how often a program may ask",
    ("coop/people/forms.py", "LANGUAGES"): LANGUAGE,
    ("coop/people/middleware.py", "LANGUAGES"): LANGUAGE,
    ("coop/people/models.py", "LANGUAGES"): LANGUAGE,
    ("coop/people/models.py", "LANGUAGE_CODE"): LANGUAGE,
}
# A module of the list above that a deciding module may use, and why it reaches no pay.
MODULES = {
    ("payments/envelopes.py", "secrets"): "the salt of a sealed address; nothing is decided by chance",
    ("governance/voting.py", "django.core.cache"): "whether officers heard this hour of a vote that waits",
    ("governance/receipts.py", "secrets"): "the words of a receipt, which say nothing of the ballot",
    ("coop/people/keys.py", "secrets"): "a key to the API, which its person asks for",
    ("tasks/webhooks/signing.py", "secrets"): "what signs a message to a client",
    ("payments/sealed_statements.py", "secrets"): "what keeps a neighbour's statement from being guessed",
    ("tasks/release_files.py", "os"): "that a file is on the disk before its row says so",
    ("payments/open_ledger.py", "django.core.cache"): "what a month that is over came to, as the open ledger tells it",
    ("tasks/pilots.py", "django.core.cache"): "what a kind of work usually paid, as pages tell it",
    ("tasks/shapes/conversation.py", "random"): "in which order answers are shown: a lot that can be drawn again",
    ("tasks/shapes/ranking.py", "random"): "likewise",
    ("tasks/machines/learning.py", "random"): "which open tasks come first, by a lot that can be drawn again",
}
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
        "check_share": "frozen once open: how many checks there are, not what one pays",
        "review_days": "within acceptance, frozen once open", "time_limit": "within time_limit, frozen once open",
        "sensitivity": "shown beforehand", "content": "frozen from the start",
        "is_onboarding": "the cooperative's own, by its guard",
        "asks": "what the instrument of qualification says how to show; frozen once open",
        "tests": "the cooperative's own, from the start", "pass_mark": "frozen once open",
        "created_by": "who drafted it", "drafted_at": "when",
        "opened_at": "by its guards", "closed_at": "stays closed",
        "task_bytes": "shown beforehand, decides nothing", "delete_on": "shown beforehand: until when answers are kept",
        "deleted_at": "by the database, when all is decided", "emptied_at": "likewise",
    },
    "tasks.Assignment": {
        "id": "names it", "task": "frozen", "job": "frozen", "person": "frozen", "slot": "frozen",
        "rate": "the version it was claimed at (E2)", "fee_version": "likewise", "card": "what was shown",
        "pay": "frozen at the claim", "fee": "frozen at the claim", "state": "moves forward", "claimed_at": "frozen",
        "expires_at": "by the job's time limit", "submitted_at": "by its guard", "accept_by": "by the job's days",
        "decided_at": "by its guard", "team": "frozen: who agreed to share the pay, and how",
    },
    "tasks.Sitting": dict.fromkeys(
        ("id", "skill", "person", "terms", "drawn", "needed", "answered", "correct", "begun_at", "ended_at"),
        "counted by the database from answers to known questions (N9)",
    ),
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


def forbidden(tree: ast.Module) -> set[str]:
    """Return the modules of the list of which anything is imported."""
    reads = [module for module in imported(tree) if not f"{module}.".startswith(f"{READS_NOTHING}.")]
    return {name for name in FORBIDDEN_MODULES for module in reads if f"{module}.".startswith(f"{name}.")}


def settings_read(tree: ast.Module) -> Iterator[str]:
    """Yield each setting that is read, under whatever name; "?" where all of them are handed on."""
    called = {name for name, what in names(tree) if what == "django.conf.settings"}
    read = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in called:
            read.add(id(node.value))
            yield node.attr
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Attribute) and node.value.attr == "settings":
            yield node.attr
    handed_on = (node for node in ast.walk(tree) if isinstance(node, ast.Name) and node.id in called)
    yield from ("?" for node in handed_on if id(node) not in read)


def names(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """Yield each name that an import gives, with what it names."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            yield from ((alias.asname or alias.name, f"{node.module}.{alias.name}") for alias in node.names)


def test_what_decides_pay_and_access_reads_no_other_source() -> None:
    found = []
    for path in DECIDING:
        tree, name = ast.parse(path.read_text()), str(path.relative_to(ROOT))
        found += [(name, module) for module in forbidden(tree) if (name, module) not in MODULES]
        found += [(name, setting) for setting in settings_read(tree) if (name, setting) not in SETTINGS]
    assert not found


def test_every_exception_is_still_needed_and_says_why() -> None:
    for (name, setting), why in SETTINGS.items():
        assert setting in settings_read(ast.parse((ROOT / name).read_text()))
        assert why
    for (name, module), why in MODULES.items():
        assert module in forbidden(ast.parse((ROOT / name).read_text()))
        assert why


@pytest.mark.parametrize("model", PAY_FIELDS)
def test_a_new_field_where_pay_is_decided_is_looked_at_first(model: str) -> None:
    fields = {field.name for field in apps.get_model(model)._meta.concrete_fields}  # noqa: SLF001 - Django's own name
    assert fields == set(PAY_FIELDS[model])
    assert all(PAY_FIELDS[model].values())


def test_a_source_put_in_is_found(tmp_path: Path) -> None:
    sneaky = "import os\nfrom django.conf import settings\nfrom django.core.cache import cache\n"
    tree = ast.parse(sneaky + "def rate():\n    return settings.RATE or getattr(settings, 'X') or cache.get('rate')\n")
    assert forbidden(tree) == {"os", "django.core.cache"}
    assert set(settings_read(tree)) == {"RATE", "?"}


@pytest.mark.parametrize(("sneaky", "found"), [
    ("from django.conf import settings as s\npay = s.RATE", {"RATE"}),
    ("import django.conf\npay = django.conf.settings.RATE", {"RATE"}),
    ("from django import conf as c\npay = c.settings.RATE", {"RATE"}),
    ("from django.conf import settings\ns = settings\npay = s.RATE", {"?"}),
    ("from django.conf import settings as s\npay = vars(s)['RATE']", {"?"}),
    ("def page(settings):\n    return settings.RATE", set()),
])  # fmt: skip
def test_a_setting_is_found_under_another_name(sneaky: str, found: set[str]) -> None:
    assert set(settings_read(ast.parse(sneaky))) == found


@pytest.mark.parametrize(("sneaky", "found"), [
    ("from os import environ as e", {"os"}), ("import os.path", {"os"}), ("import urllib.parse", set()),
    ("from urllib.request import urlopen", {"urllib"}), ("from django.core.cache import caches", {"django.core.cache"}),
    ("from coop import settings", {"coop.settings"}), ("import coop.settings as s", {"coop.settings"}),
    ("import socketserver", set()),
])  # fmt: skip
def test_a_part_of_a_module_is_the_module(sneaky: str, found: set[str]) -> None:
    assert forbidden(ast.parse(sneaky)) == found


def test_the_walk_reaches_every_module_that_could_decide() -> None:
    walked = {str(path.relative_to(ROOT)) for path in DECIDING}
    assert {"governance/standing.py", "tasks/api/views.py", "tasks/scale/orders.py", "payments/rails/wise.py",
            "payments/views/pay.py", "coop/people/limits.py", "tasks/shapes/ranking.py"} <= walked  # fmt: skip
    assert len(walked) > 450


# The tables that these functions read, by themselves or by what they call, and what each says. One that is not here
# fails first: a discount, a rating or a list of the unwanted would be a source beside the instruments (D3).
DECIDING_TABLES: dict[str, tuple[str, ...]] = {
    "the instruments, and which letters look alike": (
        "payments_rate", "payments_fee", "payments_instrument", "payments_worktype", "payments_confusable",
        "governance_rule", "governance_parameter", "governance_post", "payments_raise", "payments_budget",
    ),
    "votes, and what came of them": (
        "governance_proposal", "governance_tally", "governance_mandate", "governance_petition", "governance_call",
    ),
    "who is what, and what was decided about them after a hearing": (
        "people_person", "people_client", "people_clientseat", "governance_standing", "governance_office",
        "governance_officeend", "governance_pause", "governance_case", "governance_panel", "governance_motion",
        "governance_panelseat", "governance_panelvote", "governance_seatrefusal", "governance_decision",
        "governance_appeal", "governance_restriction",
    ),
    "money that moved, or was asked for": (
        "payments_account", "payments_transfer", "payments_payout", "payments_payrun", "payments_payoutdetails",
        "payments_railevent", "payments_deposit", "payments_depositproof", "payments_payback", "payments_cardpayment",
        "payments_cardevent", "payments_purchase", "payments_exchangequote", "payments_entitlement", "payments_topup",
        "payments_topuppart", "payments_close", "payments_allocation", "payments_share", "payments_interest",
        "payments_redemption", "payments_support", "payments_supportanswer", "payments_givenstatement",
        "payments_bankstatement", "payments_explanation", "payments_move",
    ),
    "the work: what was offered, done, checked and measured": (
        "tasks_job", "tasks_task", "tasks_assignment", "tasks_answer", "tasks_ratecard", "tasks_review", "tasks_check",
        "tasks_dispute", "tasks_peer", "tasks_finding", "tasks_settlement", "tasks_difference", "tasks_shortfall",
        "tasks_extension", "tasks_span", "tasks_pace", "tasks_pilot", "tasks_rescoping", "tasks_guideversion",
        "tasks_reading", "tasks_hiddencontent", "tasks_teammember", "tasks_lot", "tasks_stage", "tasks_handover",
        "tasks_tally", "tasks_sitting", "tasks_skill",
    ),
    "which pilots a draft had: what was found at one is found at its job": ("tasks_sketch",),
    "the word that lots are made of, which nobody chooses": ("tasks_lotword",),
    "what the record says of kinds that the database alone writes": ("record_event", "payments_sealedstatement"),
    "what time it is": ("coop_cooperative", "coop_clockadvance"),
}  # fmt: skip


def read_by_what_decides() -> set[str]:
    """Return the tables that deciding functions read: by name, and by way of functions and views, however far."""
    with connection.cursor() as cursor:
        # Functions of one name are told apart by their arguments alone.
        cursor.execute("SELECT proname, string_agg(pg_get_functiondef(oid), ' ') FROM pg_proc"
                       " WHERE pronamespace = 'public'::regnamespace AND prokind = 'f' GROUP BY proname")  # fmt: skip
        texts = dict(cursor.fetchall())
        cursor.execute("SELECT relname, pg_get_viewdef(oid) FROM pg_class"
                       " WHERE relnamespace = 'public'::regnamespace AND relkind IN ('v', 'm')")  # fmt: skip
        texts |= dict(cursor.fetchall())
        cursor.execute("SELECT relname FROM pg_class"
                       " WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')")  # fmt: skip
        tables = {name for (name,) in cursor.fetchall()}
    reached = {name for name in texts if DECIDING_FUNCTIONS.match(name)}
    following = list(reached)
    for name in following:
        words = set(re.findall(r"\w+", texts[name]))
        further = words & texts.keys() - reached
        reached |= further
        following += further
    return {word for name in reached for word in re.findall(r"\w+", texts[name])} & tables


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


def test_a_table_that_pay_or_access_reads_was_looked_at_first(db: None) -> None:
    known = {table for tables in DECIDING_TABLES.values() for table in tables}
    assert read_by_what_decides() == known


@pytest.mark.parametrize("way", ["SELECT micro FROM public.tasks_discount", "SELECT micro FROM public.tasks_discounts",
                                 "SELECT micro FROM public.tasks_discounts_of_today",
                                 "SELECT public.tasks_discounted()"])  # fmt: skip
@pytest.mark.parametrize("kept", ["", "PARTITION BY RANGE (micro)"])
def test_a_table_put_in_is_found_however_it_is_read(db: None, way: str, kept: str) -> None:
    with owning(), connection.cursor() as cursor:
        cursor.execute(f"CREATE TABLE public.tasks_discount (micro bigint) {kept}")
        cursor.execute("CREATE VIEW public.tasks_discounts AS SELECT micro FROM public.tasks_discount")
        cursor.execute("CREATE MATERIALIZED VIEW public.tasks_discounts_of_today AS SELECT * FROM tasks_discounts")
        cursor.execute("CREATE FUNCTION public.tasks_discounted() RETURNS bigint LANGUAGE sql"
                       " AS 'SELECT micro FROM public.tasks_discounts'")  # fmt: skip
        for of, does in (("integer", "SELECT 0::bigint"), ("", way), ("bigint", "SELECT 0::bigint")):
            cursor.execute(f"CREATE FUNCTION public.payments_less({of}) RETURNS bigint LANGUAGE sql AS '{does}'")
    known = {table for tables in DECIDING_TABLES.values() for table in tables}
    assert read_by_what_decides() - known == {"tasks_discount"}
