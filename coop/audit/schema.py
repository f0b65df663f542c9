# ruff: noqa: S608 - the pieces of SQL put together here are all in this file
"""The schema's fingerprint: every function, guard, constraint and right in one hash, written down at each migration.

Whoever switches a guard off, replaces a function or gives away a right is found by comparing the schema that stands
with the one in the record. What was put back exactly as it was leaves a trace only in the age of its rows; what was
done meanwhile is found by the other walks.
"""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from coop.audit import releases
from coop.audit.findings import Finding, Tick
from coop.record import events
from coop.record.models import Event

RECORDED = "schema.recorded"
LENGTH = 16  # hexadecimal digits of one part's own hash: it names what differs, the whole's hash proves it

RIGHTS = """(
    SELECT string_agg(concat_ws(' ', coalesce(g.rolname, 'PUBLIC'), a.privilege_type, a.is_grantable), ', '
        ORDER BY g.rolname, a.privilege_type)
    FROM aclexplode(coalesce({acl}, acldefault('{kind}', {owner}))) a LEFT JOIN pg_roles g ON g.oid = a.grantee
)"""
# A part of the schema as (name, text) each; nothing in it depends on the order or the numbers in which it was made.
FUNCTIONS = f"""
SELECT 'function ' || p.oid::regprocedure, concat_ws(E'\\n', pg_get_functiondef(p.oid), o.rolname,
    {RIGHTS.format(acl="p.proacl", kind="f", owner="p.proowner")})
FROM pg_proc p JOIN pg_roles o ON o.oid = p.proowner
WHERE p.pronamespace = 'public'::regnamespace AND p.prokind IN ('f', 'p')
"""
TRIGGERS = """
SELECT 'trigger ' || t.tgname || ' on ' || t.tgrelid::regclass, concat_ws(E'\\n', pg_get_triggerdef(t.oid), t.tgenabled)
FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
WHERE NOT t.tgisinternal AND c.relnamespace = 'public'::regnamespace
"""
TABLES = """
SELECT 'table ' || c.oid::regclass, concat_ws(E'\\n', c.relkind, o.rolname, c.relrowsecurity, c.relforcerowsecurity,
    CASE WHEN c.relkind IN ('v', 'm') THEN pg_get_viewdef(c.oid) END,
    (SELECT string_agg(concat_ws(' ', a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity,
        a.attgenerated, pg_get_expr(d.adbin, d.adrelid)), E'\\n' ORDER BY a.attname)
        FROM pg_attribute a LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
        WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped),
    (SELECT string_agg(concat_ws(' ', k.conname, pg_get_constraintdef(k.oid), k.convalidated, k.conenforced),
        E'\\n' ORDER BY k.conname) FROM pg_constraint k WHERE k.conrelid = c.oid),
    (SELECT string_agg(pg_get_indexdef(i.indexrelid), E'\\n' ORDER BY i.indexrelid::regclass::text)
        FROM pg_index i WHERE i.indrelid = c.oid AND i.indisunique),
    (SELECT string_agg(concat_ws(' ', k.conname, t.tgtype, t.tgenabled), E'\\n' ORDER BY k.conname, t.tgtype)
        FROM pg_trigger t JOIN pg_constraint k ON k.oid = t.tgconstraint WHERE t.tgrelid = c.oid AND t.tgisinternal),
    (SELECT string_agg(pg_get_ruledef(r.oid), E'\\n' ORDER BY r.rulename) FROM pg_rewrite r
        WHERE r.ev_class = c.oid AND c.relkind = 'r'),
    (SELECT string_agg(concat_ws(' ', y.polname, y.polcmd, pg_get_expr(y.polqual, y.polrelid),
        pg_get_expr(y.polwithcheck, y.polrelid)), E'\\n' ORDER BY y.polname) FROM pg_policy y WHERE y.polrelid = c.oid)
)
FROM pg_class c JOIN pg_roles o ON o.oid = c.relowner
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
"""
GRANTS = f"""
SELECT 'rights on ' || c.oid::regclass, concat_ws(E'\\n',
    {RIGHTS.format(acl="c.relacl", kind="r", owner="c.relowner")},
    (SELECT string_agg(concat_ws(' ', a.attname, g.rolname, x.privilege_type, x.is_grantable), ', '
        ORDER BY a.attname, g.rolname, x.privilege_type)
        FROM pg_attribute a CROSS JOIN aclexplode(a.attacl) x LEFT JOIN pg_roles g ON g.oid = x.grantee
        WHERE a.attrelid = c.oid AND NOT a.attisdropped)
)
FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
"""
# What lies around the tables: who may enter and create, what else is installed, who belongs to which role.
AROUND = f"""
SELECT 'the schema public', {RIGHTS.format(acl="n.nspacl", kind="n", owner="n.nspowner")}
FROM pg_namespace n WHERE n.nspname = 'public'
UNION ALL SELECT 'the database', {RIGHTS.format(acl="d.datacl", kind="d", owner="d.datdba")}
FROM pg_database d WHERE d.datname = current_database()
UNION ALL SELECT 'other schemas', string_agg(n.nspname, ' ' ORDER BY n.nspname)
FROM pg_namespace n WHERE n.nspname !~ '^(pg_|information_schema$)' AND n.nspname <> 'public'
UNION ALL SELECT 'extensions', string_agg(concat_ws(' ', e.extname, e.extversion), ', ' ORDER BY e.extname)
FROM pg_extension e
UNION ALL SELECT 'event triggers', string_agg(concat_ws(' ', e.evtname, e.evtenabled), ', ' ORDER BY e.evtname)
FROM pg_event_trigger e
UNION ALL SELECT 'publications', string_agg(p.pubname, ', ' ORDER BY p.pubname) FROM pg_publication p
UNION ALL SELECT 'foreign servers', string_agg(s.srvname, ', ' ORDER BY s.srvname) FROM pg_foreign_server s
UNION ALL SELECT 'the role ' || r.rolname, concat_ws(' ', r.rolsuper, r.rolcreaterole, r.rolcreatedb, r.rolreplication,
    r.rolbypassrls, (SELECT string_agg(g.rolname, ' ' ORDER BY g.rolname)
        FROM pg_auth_members m JOIN pg_roles g ON g.oid = m.roleid WHERE m.member = r.oid))
FROM pg_roles r WHERE r.rolname IN ('workhall_web', 'workhall_owner', 'workhall_auditor')
"""
PARTS = f"{FUNCTIONS} UNION ALL {TRIGGERS} UNION ALL {TABLES} UNION ALL {GRANTS} UNION ALL {AROUND}"

# Rows of the catalogue written by a later transaction than the record of the schema; 32 of its 64 bits are kept there.
YOUNGER = "(({row}.xmin::text::bigint - %(since)s) %% 4294967296 + 4294967296) %% 4294967296 BETWEEN 1 AND 2147483647"
WRITTEN_ANEW = f"""
SELECT 'function ' || p.oid::regprocedure FROM pg_proc p
WHERE p.pronamespace = 'public'::regnamespace AND {YOUNGER.format(row="p")}
UNION ALL SELECT 'trigger ' || t.tgname || ' on ' || t.tgrelid::regclass FROM pg_trigger t
JOIN pg_class c ON c.oid = t.tgrelid
WHERE NOT t.tgisinternal AND c.relnamespace = 'public'::regnamespace AND {YOUNGER.format(row="t")}
ORDER BY 1
"""


def parts() -> dict[str, str]:
    """Return the hash of each function, trigger, table, right and surrounding of the schema, by its name."""
    with _whole_names() as cursor:
        cursor.execute(PARTS)
        return {name: hashlib.sha256((text or "").encode()).hexdigest()[:LENGTH] for name, text in cursor.fetchall()}


@contextmanager
def _whole_names() -> Iterator[CursorWrapper]:
    """Let names come out whole, the same for every reader, whatever its own path."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('search_path')")
        (path,) = cursor.fetchone()
        cursor.execute("SELECT set_config('search_path', 'pg_catalog', true)")
        yield cursor
        cursor.execute("SELECT set_config('search_path', %s, true)", [path])


def digest(found: dict[str, str]) -> str:
    """Return the one hash of all parts: SHA-256 over their lines in order."""
    lines = "\n".join(f"{name}\t{hashed}" for name, hashed in sorted(found.items()))
    return hashlib.sha256(lines.encode()).hexdigest()


def record(at: datetime) -> str | None:
    """Write the schema's hashes into the record and return the whole's, or None if the last record still holds.

    Only the owner of the schema may (`schema_is_recorded_by_its_owner`).
    """
    found, last = parts(), _last()
    whole = digest(found)
    if last is not None and last.data["digest"] == whole and not written_anew(last):
        return None
    # From here on a change owes the members notice (`releases`).
    notice = releases.NOTICE.days
    events.write(
        "schema.recorded", by=None, subject="schema:public", at=at, digest=whole, parts=found, notice_days=notice
    )
    return whole


def written_anew(since: Event) -> list[str]:
    """Return the functions and triggers whose rows are younger than a record of the schema."""
    with _whole_names() as cursor:
        cursor.execute(WRITTEN_ANEW, {"since": since.transaction % 2**32})
        return [name for (name,) in cursor.fetchall()]


def _last() -> Event | None:
    return Event.objects.filter(kind=RECORDED).order_by("-id").first()


def walk(tick: Tick) -> Iterator[Finding]:
    """Compare the schema that stands with the one that the record says."""
    last = _last()
    if last is None:
        yield Finding("the schema", "the record does not say what it is", "`manage.py migrate` writes it down")
        return
    found, recorded = parts(), dict(last.data["parts"])
    tick(len(found))
    if digest(recorded) != last.data["digest"]:
        yield Finding(f"record_event {last.pk}", "its hashes do not make its digest", "a record of the schema adds up")
    yield from differences(recorded, found)
    yield from _traces(last, recorded, found)


def differences(recorded: dict[str, str], found: dict[str, str]) -> Iterator[Finding]:
    """Name each part that is not as recorded."""
    for name in sorted(recorded.keys() | found.keys()):
        if name not in found:
            yield Finding(name, "is gone", "it stands in the recorded schema")
        elif name not in recorded:
            yield Finding(name, "was added", "the recorded schema has no such part")
        elif recorded[name] != found[name]:
            yield Finding(name, "is not what was recorded", f"its hash was {recorded[name]} and is {found[name]}")


def _traces(last: Event, recorded: dict[str, str], found: dict[str, str]) -> Iterator[Finding]:
    """Name what was written anew since and is as it was: put back, or restored from a copy."""
    for name in written_anew(last):
        if recorded.get(name) == found.get(name):
            should = "it is as recorded now; look at what happened meanwhile, unless a backup was restored"
            yield Finding(name, f"was written anew after {last.at:%Y-%m-%d %H:%M} UTC", should, certain=False)
