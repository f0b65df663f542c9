"""What the web role may not do, whatever page is broken: the ground on which every guard stands."""

from collections.abc import Callable

import psycopg
import pytest
from django.db import connection
from psycopg import sql

from coop.database import roles
from coop.database.embedded import Cluster

Attack = Callable[..., None]


def test_the_site_signs_in_as_the_web_role(now: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user, session_user")
        assert cursor.fetchone() == ("workhall_web", "workhall_web")


@pytest.mark.parametrize(
    ("statement", "guard"),
    [
        ("CREATE TABLE public.mine (id int)", "permission denied for schema public"),
        ("CREATE TEMP TABLE coop_cooperative (simulated bool)", "permission denied to create temporary tables"),
        ("CREATE SCHEMA mine", "permission denied for database"),
        ("CREATE FUNCTION public.coop_now() RETURNS int LANGUAGE sql AS 'SELECT 1'", "permission denied for schema"),
        ("SET ROLE workhall_owner", "permission denied to set role"),
        ("SET SESSION AUTHORIZATION workhall_owner", "permission denied to set session authorization"),
        ("SET session_replication_role = replica", "permission denied to set parameter"),
        ("SELECT set_config('session_replication_role', 'replica', false)", "permission denied to set parameter"),
        ("ALTER TABLE coop_cooperative DISABLE TRIGGER ALL", "must be owner of table coop_cooperative"),
        ("ALTER TABLE coop_cooperative ADD COLUMN mine int", "must be owner of table coop_cooperative"),
        ("DROP TRIGGER clock_never_runs_back ON coop_clockadvance", "must be owner of relation coop_clockadvance"),
        ("CREATE TRIGGER mine BEFORE INSERT ON coop_clockadvance EXECUTE FUNCTION coop_now()", "permission denied"),
        ("ALTER FUNCTION coop_now() RENAME TO mine", "must be owner of function coop_now"),
        ("ALTER ROLE workhall_web SUPERUSER", "permission denied to alter role"),
        ("GRANT workhall_owner TO workhall_web", "permission denied to grant role"),
        ("CREATE EXTENSION dblink", "permission denied to create extension"),
        ("SELECT pg_read_file('/etc/passwd')", "permission denied for function"),
        ("COPY coop_cooperative TO PROGRAM 'id'", "permission denied to COPY"),
        ("SELECT rolpassword FROM pg_authid", "permission denied for table pg_authid"),
        ("SELECT lo_create(0)", "permission denied for function lo_create"),
        ("SELECT lo_creat(0)", "permission denied for function lo_creat"),
        ("SELECT lo_from_bytea(0, 'x')", "permission denied for function lo_from_bytea"),
        ("SELECT lo_import('/etc/passwd')", "permission denied for function lo_import"),
        ("TRUNCATE coop_clockadvance", "permission denied for table coop_clockadvance"),
    ],
)
def test_the_web_role_cannot_step_around_the_guards(attack: Attack, statement: str, guard: str) -> None:
    attack(statement, guard=guard)


def test_no_function_of_ours_may_be_run_unless_it_is_allowed(superuser: psycopg.Connection) -> None:
    open_to_all = superuser.execute("""
        SELECT p.oid::regprocedure::text FROM pg_proc p
        WHERE p.pronamespace = 'public'::regnamespace
          AND EXISTS (SELECT FROM aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a WHERE a.grantee = 0)
          AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')
    """).fetchall()
    assert open_to_all == []


def test_what_a_role_set_for_its_next_sign_in_is_undone_at_each_start(
    committed: None, cluster: Cluster, database_name: str
) -> None:
    with psycopg.connect(cluster.url(roles.WEB, database_name)) as web:
        web.execute("ALTER ROLE CURRENT_USER SET statement_timeout = 0")
        web.execute("ALTER ROLE CURRENT_USER SET default_transaction_read_only = on")
        web.execute(
            sql.SQL("ALTER ROLE CURRENT_USER IN DATABASE {} SET statement_timeout = 0").format(
                sql.Identifier(database_name)
            )
        )
    roles.create(cluster)
    with psycopg.connect(cluster.url(roles.WEB, database_name)) as web:
        assert web.execute("SHOW statement_timeout").fetchone() == ("1min",)
        assert web.execute("SHOW default_transaction_read_only").fetchone() == ("off",)


def test_the_web_role_owns_nothing(superuser: psycopg.Connection) -> None:
    owned = superuser.execute("SELECT relname FROM pg_class WHERE relowner = 'workhall_web'::regrole").fetchall()
    assert owned == []


def test_every_guard_of_ours_fires_whatever_the_session_says(superuser: psycopg.Connection) -> None:
    ordinary = superuser.execute("""
        SELECT t.tgname FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid
        WHERE starts_with(p.proname, 'guard_') AND t.tgenabled <> 'A'
    """).fetchall()
    assert ordinary == []


def test_a_function_with_the_owners_eyes_pins_where_it_looks(superuser: psycopg.Connection) -> None:
    loose = superuser.execute("""
        SELECT p.oid::regprocedure::text FROM pg_proc p
        WHERE p.pronamespace = 'public'::regnamespace AND p.prosecdef
          AND NOT coalesce(p.proconfig, '{}') @> ARRAY['search_path=pg_catalog, public, pg_temp']
    """).fetchall()
    assert loose == []


def test_a_database_answers_nobody_without_a_password(superuser: psycopg.Connection) -> None:
    ways = superuser.execute("SELECT DISTINCT type, auth_method FROM pg_hba_file_rules").fetchall()
    assert {method for _, method in ways} == {"scram-sha-256"}
    assert superuser.execute("SHOW listen_addresses").fetchone() == ("",)
