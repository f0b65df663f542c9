"""What can be read off the schema and the code: ways around the constitution that must not exist at all."""
# ruff: noqa: SLF001 - it reads models and the admin by Django's own names

import re
import tomllib
from pathlib import Path

import psycopg
import pytest
from django.apps import apps
from django.conf import settings
from django.contrib import admin
from django.contrib.admin import ModelAdmin
from django.core.management import get_commands
from django.db.migrations.loader import MigrationLoader
from django.db.models import CASCADE, SET_DEFAULT, SET_NULL, FileField, Model, URLField

from coop.database import guards
from governance.models import Option, Proposal

ROOT = Path(settings.BASE_DIR)
OURS = ("coop", "people", "record", "governance", "payments", "tasks")
# A transaction can be held open: what these say is when it began, not what time it is (B11, E6).
FROZEN_CLOCK = (
    r"(?<![\w.])(now\s*\(|transaction_timestamp|statement_timestamp|current_(timestamp|date|time)\M|localtime)"
)
# When somebody joined and when a demonstration's clock jumped is shown; no right and no time follows from either.
DAYS_OF_NO_CONSEQUENCE = {"people_person.joined_at", "coop_clockadvance.advanced_at"}
# What is checked at commit, as it spans several rows of several tables (decision 0006); no SET CONSTRAINTS skips it.
AT_COMMIT = {
    "checks_are_paid",
    "budget_fills_its_funds",
    "checks_that_reject_are_paid",
    "close_leaves_nothing",
    "entitlement_is_paid",
    "exchanges_are_whole",
    "kinds_open_with_their_rate",
    "guides_change_with_money_to_read_them",
    "looks_are_paid",
    "differences_are_paid",
    "money_follows_the_check",
    "paid_skips_are_paid_at_once",
    "money_follows_the_work",
    "money_follows_the_work_to_its_end",
    "moves_are_posted",
    "contribution_is_posted",
    "consents_stand_in_the_record",
    "care_is_paid_at_once",
    "support_is_paid_when_two_agree",
    "raise_is_set_aside",
    "redemption_is_paid",
    "outlay_is_posted",
    "purchases_are_posted",
    "readings_are_paid",
    "surplus_is_divided_to_the_last",
    "tip_is_posted",
    "what_a_processor_said_is_booked",
}
# The queue of background jobs is a package's; what its jobs do, they do as the web role, and every guard asks them.
QUEUE = "procrastinate_"
# They sign in as others, change settings at run time, write behind the acts, or empty tables (A8, A17).
BANNED = re.compile(
    r"(django-)?(hijack|impersonate|su|loginas|masquerade|constance|waffle|flags|gargoyle|extensions|import-export|"
    r"dbsettings|livesettings|preferences|simple-history-revert|adminactions|sql-explorer|silk|werkzeug-debugger)"
)
STEPS_BACK = re.compile(
    r"reset|reopen|close_now|force|override|backdate|correct|recount_as|seed_votes|set_rate|suspend"
)


def rows(superuser: psycopg.Connection, query: str) -> list[str]:
    """Return the first column of a query."""
    return [row[0] for row in superuser.execute(query.encode()).fetchall()]


def test_no_function_default_or_view_reads_a_clock_that_stands_still(superuser: psycopg.Connection) -> None:
    code = rows(
        superuser,
        f"""
        SELECT name FROM (
            SELECT p.oid::regprocedure::text AS name, pg_get_functiondef(p.oid) AS text FROM pg_proc p
            WHERE p.pronamespace = 'public'::regnamespace AND p.prokind IN ('f', 'p')
            UNION ALL SELECT c.oid::regclass::text, pg_get_viewdef(c.oid) FROM pg_class c
            WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('v', 'm')
            UNION ALL SELECT d.adrelid::regclass || '.' || a.attname, pg_get_expr(d.adbin, d.adrelid) FROM pg_attrdef d
            JOIN pg_attribute a ON a.attrelid = d.adrelid AND a.attnum = d.adnum
            UNION ALL SELECT k.conname, pg_get_constraintdef(k.oid) FROM pg_constraint k
            WHERE k.connamespace = 'public'::regnamespace
            UNION ALL SELECT t.tgname, pg_get_triggerdef(t.oid) FROM pg_trigger t WHERE NOT t.tgisinternal
        ) of_ours WHERE name !~ '^{QUEUE}'
        AND regexp_replace(text, '--[^\\n]*', '', 'g') ~* '{FROZEN_CLOCK.replace("'", "''")}'""",
    )
    assert set(code) == DAYS_OF_NO_CONSEQUENCE


def test_the_web_role_runs_only_functions_that_a_migration_allows_by_name(superuser: psycopg.Connection) -> None:
    runs = rows(
        superuser,
        f"""
        SELECT p.proname FROM pg_proc p WHERE p.pronamespace = 'public'::regnamespace AND p.proname !~ '^{QUEUE}'
        AND has_function_privilege('workhall_web', p.oid, 'EXECUTE')""",
    )
    loader = MigrationLoader(None)
    named = {
        operation.function.split("(")[0]
        for migration in loader.disk_migrations.values()
        for operation in migration.operations
        if isinstance(operation, guards.Allow)
    }
    assert set(runs) - named == set()
    assert runs, "the query finds what it looks for"


def test_no_app_has_two_latest_migrations() -> None:
    # Two that were written at the same time have names of their own, and nothing else would hold them against another.
    assert MigrationLoader(None).detect_conflicts() == {}


def test_only_the_money_is_checked_as_late_as_at_commit(superuser: psycopg.Connection) -> None:
    late = rows(superuser, "SELECT tgname FROM pg_trigger WHERE tgdeferrable AND NOT tgisinternal")
    assert set(late) <= AT_COMMIT, late
    constraints = rows(superuser, "SELECT conname FROM pg_constraint WHERE condeferrable AND contype NOT IN ('f', 't')")
    assert constraints == []


def test_no_row_of_ours_vanishes_or_forgets_with_another(superuser: psycopg.Connection) -> None:
    """`a` is NO ACTION, `r` is RESTRICT; what belongs to allauth and Django's log-in is not governed."""
    following = rows(
        superuser,
        f"""
        SELECT k.conname FROM pg_constraint k WHERE k.contype = 'f' AND k.confdeltype NOT IN ('a', 'r')
        AND k.connamespace = 'public'::regnamespace AND k.conname !~ '^{QUEUE}'""",
    )
    assert following == []


@pytest.mark.parametrize("app", OURS)
def test_no_model_of_ours_is_deleted_with_another(app: str) -> None:
    loose = [
        f"{model.__name__}.{field.name}"
        for model in apps.get_app_config(app).get_models(include_auto_created=True)
        for field in model._meta.get_fields()
        if field.concrete and field.remote_field and field.remote_field.on_delete in {CASCADE, SET_NULL, SET_DEFAULT}
    ]
    assert loose == []


@pytest.mark.parametrize("model", list(admin.site._registry), ids=lambda model: model.__name__)
def test_the_admin_has_no_way_to_write(model: type[Model]) -> None:
    page: ModelAdmin[Model] = admin.site._registry[model]
    assert not page.inlines
    assert not page.list_editable
    assert not page.actions
    assert not page.save_as
    assert not page.has_add_permission(None)  # type: ignore[arg-type] # the answer asks nothing of the visitor
    assert not page.has_change_permission(None)  # type: ignore[arg-type] # likewise
    assert not page.has_delete_permission(None)  # type: ignore[arg-type] # likewise


def test_no_package_signs_in_as_others_or_changes_settings_at_run_time() -> None:
    packages = [package["name"] for package in tomllib.loads((ROOT / "uv.lock").read_text())["package"]]
    assert [name for name in packages if BANNED.fullmatch(name)] == []
    assert BANNED.fullmatch("django-hijack")
    assert len(packages) > 20, "the list is read"


def test_nothing_is_installed_that_writes_from_elsewhere(superuser: psycopg.Connection) -> None:
    assert set(rows(superuser, "SELECT extname FROM pg_extension")) == {"plpgsql"}
    assert rows(superuser, "SELECT pubname FROM pg_publication UNION ALL SELECT srvname FROM pg_foreign_server") == []


def test_a_transaction_cannot_be_prepared_and_kept_for_later(superuser: psycopg.Connection) -> None:
    assert rows(superuser, "SHOW max_prepared_transactions") == ["0"]


def test_only_migrating_and_founding_sign_in_as_the_owner() -> None:
    code = [path for app in ("coop", "governance", "payments", "tasks") for path in (ROOT / app).rglob("*.py")]
    owners = {path.name for path in code if re.search(r"\b(urls|access)\.owner\b", path.read_text())}
    assert owners == {"found.py", "up.py"}


def test_a_proposal_carries_words_and_literal_values_only() -> None:
    """No file and no address whose content somebody could exchange (G2)."""
    fields = [field for model in (Proposal, Option) for field in model._meta.concrete_fields]
    assert [field.name for field in fields if isinstance(field, FileField | URLField)] == []
    assert {field.get_internal_type() for field in fields} <= {
        "BigAutoField", "CharField", "TextField", "DateTimeField", "ForeignKey", "PositiveSmallIntegerField",
        "PositiveIntegerField", "BooleanField",
    }  # fmt: skip


def test_no_command_steps_back_or_around() -> None:
    ours = [name for name, app in get_commands().items() if app in OURS]
    assert [name for name in ours if STEPS_BACK.search(name)] == []
    assert "audit" in ours


def test_the_site_knows_one_database() -> None:
    assert list(settings.DATABASES) == ["default"]
    assert settings.DATABASE_ROUTERS == []
