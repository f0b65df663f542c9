"""The roles: `workhall_owner` keeps the schema, `workhall_web` serves the site and can step over no guard.

`workhall_auditor` only reads, and only what is no secret: for whoever runs `manage.py audit` from outside.
"""

from urllib.parse import urlsplit

import psycopg
from psycopg import sql

from coop.database.embedded import MAJOR, Cluster, Unavailable

OWNER = "workhall_owner"
WEB = "workhall_web"
AUDITOR = "workhall_auditor"
DATABASE = "workhall"

GUIDE = "coop/docs/operating.md"
RIGHTS = """
    SELECT current_user, rolsuper OR rolcreaterole OR rolbypassrls,
        has_database_privilege(current_database(), 'TEMP') OR has_schema_privilege('public', 'CREATE')
    FROM pg_roles WHERE rolname = current_user
"""

# Long statements belong to imports and exports, which ask for more with SET LOCAL.
WEB_LIMITS = {"lock_timeout": "10s", "statement_timeout": "60s", "idle_in_transaction_session_timeout": "60s"}

# They would be tables of nobody's: no guard stands on them, and no limit on what they hold.
NO_LARGE_OBJECTS = """
DO $close$
DECLARE function regprocedure;
BEGIN
    FOR function IN SELECT oid FROM pg_proc WHERE pronamespace = 'pg_catalog'::regnamespace
        AND proname ~ '^(lo_.*|loread|lowrite)$' LOOP
        EXECUTE 'REVOKE EXECUTE ON FUNCTION ' || function || ' FROM PUBLIC';
    END LOOP;
END $close$
"""
# A role may leave settings for its next sign-in, in general and for one database.
LEFT_BEHIND = """
SELECT d.datname FROM pg_db_role_setting s JOIN pg_database d ON d.oid = s.setdatabase
WHERE s.setrole = %s::regrole
"""


def create(cluster: Cluster) -> None:
    """Create the roles and the limits of the web role, as the superuser of our own cluster; again does nothing new."""
    with psycopg.connect(cluster.url("postgres", "postgres"), autocommit=True) as superuser:
        for role in (OWNER, WEB, AUDITOR):
            _create_role(superuser, role, cluster.secret(role))
            _forget_settings(superuser, role)
        for name, value in WEB_LIMITS.items():
            superuser.execute(
                sql.SQL("ALTER ROLE {} SET {} = {}").format(sql.Identifier(WEB), sql.Identifier(name), value)
            )


def create_database(cluster: Cluster, name: str = DATABASE, *, template: str = "template0") -> None:
    """Create a database that belongs to the owner and that the public may not enter; keep one that exists."""
    with psycopg.connect(cluster.url("postgres", "postgres"), autocommit=True) as superuser:
        if superuser.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
            return
        copy = sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE {} STRATEGY file_copy")
        superuser.execute(copy.format(*map(sql.Identifier, (name, OWNER, template))))
        for statement in (
            "REVOKE ALL ON DATABASE {} FROM PUBLIC",
            f"GRANT CONNECT ON DATABASE {{}} TO {WEB}, {AUDITOR}",
        ):
            superuser.execute(sql.SQL(statement).format(sql.Identifier(name)))
    with psycopg.connect(cluster.url("postgres", name), autocommit=True) as superuser:
        close(superuser)


def close(superuser: psycopg.Connection) -> None:
    """Close a new database to everybody but its owner; the web role may look in, and run nothing it is not allowed."""
    for statement in (
        f"ALTER SCHEMA public OWNER TO {OWNER}",
        "REVOKE ALL ON SCHEMA public FROM PUBLIC",
        f"GRANT USAGE ON SCHEMA public TO {WEB}",
        f"ALTER DEFAULT PRIVILEGES FOR ROLE {OWNER} REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC",
        NO_LARGE_OBJECTS,
    ):
        superuser.execute(sql.SQL(statement))


def check(url: str, *, role: str) -> None:
    """Raise Unavailable, saying what to do, unless `url` reaches a PostgreSQL 18 as `role` with no more rights."""
    name = urlsplit(url).username or role
    try:
        with psycopg.connect(url, connect_timeout=10) as connection:
            problem = _problem(connection, role)
    except psycopg.OperationalError as error:
        message = f"The database does not answer as {name!r}: {error}\nThe roles are made as {GUIDE} says."
        raise Unavailable(message) from error
    if problem:
        raise Unavailable(problem)


def _problem(connection: psycopg.Connection, role: str) -> str:
    """Return what is wrong with a server of one's own, nothing if it will do."""
    version = connection.info.server_version // 10_000
    if version < int(MAJOR):
        return f"The database is PostgreSQL {version}; Workhall needs {MAJOR}."
    user, mighty, loose = connection.execute(RIGHTS).fetchone() or ("", True, True)
    if user != role or mighty:
        return f"The address must sign in as {role} without superuser rights, not as {user!r}."
    if role == WEB and loose:
        return f"The web role could shadow tables with its own: take the public's rights away as {GUIDE} says."
    return ""


def _forget_settings(superuser: psycopg.Connection, role: str) -> None:
    """Undo whatever a role set for its own sessions to come."""
    name = sql.Identifier(role)
    superuser.execute(sql.SQL("ALTER ROLE {} RESET ALL").format(name))
    for (database,) in superuser.execute(LEFT_BEHIND, [role]).fetchall():
        superuser.execute(sql.SQL("ALTER ROLE {} IN DATABASE {} RESET ALL").format(name, sql.Identifier(database)))


def _create_role(superuser: psycopg.Connection, role: str, password: str) -> None:
    known = superuser.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone()
    verb = "ALTER" if known else "CREATE"
    statement = sql.SQL(f"{verb} ROLE {{}} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION PASSWORD {{}}")
    superuser.execute(statement.format(sql.Identifier(role), password))
