"""Migration operations that put promises into the database, where nobody with the web role can step over them.

Each guard is a trigger, `ENABLE ALWAYS`, that raises ERRCODE 23514 with its own name as CONSTRAINT; Django shows
an IntegrityError that carries the name. They are written so that a migration reads as the list of promises.
"""

from typing import Any

from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState

WEB = "workhall_web"


# Settings of a function by which its statements find rows by their indexes, one by one: a plan that was made for a
# batch in a long session serves a single row as well, and balances are moved in the order in which they were sorted.
BY_INDEX = "SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off"


class _Sql(Operation):
    """Run SQL forwards; refuse to go back, as a promise is taken away by a new migration that says so."""

    reduces_to_sql = True
    reversible = False

    def sql(self) -> str:
        raise NotImplementedError

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        """Change nothing that Django's state knows."""

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        """Install the promise."""
        schema_editor.execute(self.sql(), params=None)

    def database_backwards(self, *args: Any, **kwargs: Any) -> None:
        """Never taken: see the class."""
        message = "A guard is not migrated away; write a migration that says why it goes."
        raise NotImplementedError(message)

    def describe(self) -> str:
        """Name the promise in the migration's output."""
        return f"Guard {getattr(self, 'name', '')}"


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def refuse(name: str, otherwise: str) -> str:
    """Return the plpgsql statement that refuses a write in the name of a guard."""
    return f"RAISE EXCEPTION USING ERRCODE = '23514', CONSTRAINT = {_literal(name)}, MESSAGE = {_literal(otherwise)};"


# A transaction that keeps an older view of the data would not see what others have committed since.
PRESENT = "current_setting('transaction_isolation') = 'read committed'"


def in_the_present(name: str) -> str:
    """Return the plpgsql by which a guard that reads other rows refuses, in its name, whoever looks at the past."""
    return f"IF NOT {PRESENT} THEN {refuse(name, 'This is decided on what stands now, not on an older view.')} END IF;"


class Guard(_Sql):
    """Refuse writes to `table` unless `holds` (an SQL condition over NEW and OLD) is true.

    `on` is the trigger's events ("INSERT", "INSERT OR UPDATE" …); `otherwise` is what the person reads.
    `definer` runs the check with the owner's eyes, for conditions that the web role may not look up itself.
    """

    def __init__(
        self, name: str, *, table: str, holds: str, otherwise: str, on: str = "INSERT", definer: bool = False
    ) -> None:
        """Describe the guard."""
        self.name, self.table, self.holds, self.otherwise = name, table, holds, otherwise
        self.on, self.definer = on, definer

    def sql(self) -> str:
        """Return the function and its trigger."""
        security = "SECURITY DEFINER" if self.definer else "SECURITY INVOKER"
        # IS NOT TRUE: a condition that comes out unknown has not been shown to hold.
        return f"""
CREATE OR REPLACE FUNCTION public.guard_{self.name}() RETURNS trigger LANGUAGE plpgsql {security}
SET search_path = pg_catalog, public, pg_temp AS $guard$
BEGIN
    IF ({self.holds}) IS NOT TRUE THEN
        {refuse(self.name, self.otherwise)}
    END IF;
    RETURN NEW;
END $guard$;
CREATE OR REPLACE TRIGGER {self.name} BEFORE {self.on} ON public.{self.table}
    FOR EACH ROW EXECUTE FUNCTION public.guard_{self.name}();
ALTER TABLE public.{self.table} ENABLE ALWAYS TRIGGER {self.name};
"""


class Procedure(Guard):
    """A guard whose check needs more than one condition: `body` is plpgsql that ends in RETURN NEW.

    `declare` holds its variables; refuse with `guards.refuse(name, otherwise)`.
    """

    def __init__(
        self, name: str, *, table: str, body: str, declare: str = "", on: str = "INSERT", definer: bool = False
    ) -> None:
        """Describe the guard."""
        super().__init__(name, table=table, holds="", otherwise="", on=on, definer=definer)
        self.body, self.declare = body, declare

    def sql(self) -> str:
        """Return the function and its trigger."""
        security = "SECURITY DEFINER" if self.definer else "SECURITY INVOKER"
        return f"""
CREATE OR REPLACE FUNCTION public.guard_{self.name}() RETURNS trigger LANGUAGE plpgsql {security}
SET search_path = pg_catalog, public, pg_temp AS $guard$
DECLARE
    {self.declare}
BEGIN
    {self.body}
END $guard$;
CREATE OR REPLACE TRIGGER {self.name} BEFORE {self.on} ON public.{self.table}
    FOR EACH ROW EXECUTE FUNCTION public.guard_{self.name}();
ALTER TABLE public.{self.table} ENABLE ALWAYS TRIGGER {self.name};
"""


class Frozen(Guard):
    """Refuse any change of `columns` once a row stands."""

    def __init__(self, table: str, columns: list[str], *, otherwise: str, name: str = "") -> None:
        """Describe which columns never change."""
        old = ", ".join(f"OLD.{column}" for column in columns)
        new = ", ".join(f"NEW.{column}" for column in columns)
        super().__init__(
            name or f"{table}_is_frozen",
            table=table,
            holds=f"ROW({new}) IS NOT DISTINCT FROM ROW({old})",
            otherwise=otherwise,
            on="UPDATE",
        )


class WhenWritten(_Sql):
    """Ask a guard of frozen columns, as `Frozen` made it, only of statements that write one of them.

    It is for rows that are written often, and others of whose columns change. It holds while no trigger changes what is
    about to be written.
    """

    def __init__(self, name: str, table: str, columns: list[str]) -> None:
        """Name the guard and its columns."""
        self.name, self.table, self.columns = name, table, columns

    def sql(self) -> str:
        """Return the trigger; its function stays."""
        return f"""
CREATE OR REPLACE TRIGGER {self.name} BEFORE UPDATE OF {", ".join(self.columns)} ON public.{self.table}
    FOR EACH ROW EXECUTE FUNCTION public.guard_{self.name}();
ALTER TABLE public.{self.table} ENABLE ALWAYS TRIGGER {self.name};
"""


class Compartment(_Sql):
    """Let a request that is served in a client's name see and write that client's rows of `table` alone.

    `mine` is an SQL condition over the row and {served}, the client's number. Whoever is served in no client's name
    sees all rows; the owner always does, and with it the guards that see with the owner's eyes.
    """

    SERVED = "(SELECT nullif(current_setting('workhall.client', true), '')::bigint)"

    def __init__(self, table: str, mine: str) -> None:
        """Describe which rows are a client's."""
        self.table, self.mine = table, mine
        self.name = f"{table} by compartment"

    def sql(self) -> str:
        """Return the policy; it is for every role but the owner."""
        mine = self.mine.format(served=self.SERVED)
        return f"""
ALTER TABLE public.{self.table} ENABLE ROW LEVEL SECURITY;
CREATE POLICY compartment ON public.{self.table} USING ({self.SERVED} IS NULL OR ({mine}));
"""


class NeverDeleted(_Sql):
    """Refuse DELETE and TRUNCATE on `table`; the guard is called `<table>_is_kept`."""

    events = "DELETE"
    suffix = "is_kept"

    def __init__(self, table: str, *, otherwise: str = "These rows are kept; corrections are new rows.") -> None:
        """Describe which table keeps its rows."""
        self.table, self.otherwise = table, otherwise
        self.name = f"{table}_{self.suffix}"

    def sql(self) -> str:
        """Return the function and its two triggers."""
        return f"""
CREATE OR REPLACE FUNCTION public.guard_{self.name}() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $guard$
BEGIN
    {refuse(self.name, self.otherwise)}
END $guard$;
CREATE OR REPLACE TRIGGER {self.name} BEFORE {self.events} ON public.{self.table}
    FOR EACH ROW EXECUTE FUNCTION public.guard_{self.name}();
CREATE OR REPLACE TRIGGER {self.name}_whole BEFORE TRUNCATE ON public.{self.table}
    FOR EACH STATEMENT EXECUTE FUNCTION public.guard_{self.name}();
ALTER TABLE public.{self.table} ENABLE ALWAYS TRIGGER {self.name};
ALTER TABLE public.{self.table} ENABLE ALWAYS TRIGGER {self.name}_whole;
"""


class AppendOnly(NeverDeleted):
    """Refuse UPDATE, DELETE and TRUNCATE on `table`; the guard is called `<table>_is_append_only`."""

    events = "UPDATE OR DELETE"
    suffix = "is_append_only"


class OfKinds(_Sql):
    """Ask a guard over transfers of each transfer of its kinds, and of no other; what it asks stays as it stands.

    A guard that reads the whole statement (`FROM posted p`) is called for every posting, whatever it moves. A condition
    on the kind costs a fiftieth of that call. It is for guards that look at each transfer by itself and come before the
    balances move (decision 0095). New ones of what is seldom posted stand on `payments_seldom` (decision 0241).
    """

    def __init__(self, name: str, *kinds: int, table: str = "payments_transfer") -> None:
        """Name the guard, and the kinds of posting that it is about."""
        self.name, self.kinds, self.table = name, kinds, table

    def sql(self) -> str:
        """Return the change of the function that stands, and its trigger."""
        return f"""
DO $each$
DECLARE
    stands text := pg_get_functiondef('public.guard_{self.name}()'::regprocedure);
    each text := replace(stands, 'FROM posted p', 'FROM (SELECT NEW.*) p');
BEGIN
    IF each = stands OR each ~ '\\mposted\\M' THEN
        RAISE 'guard_{self.name} does not look at each transfer by itself';
    END IF;
    EXECUTE each;
END $each$;
CREATE OR REPLACE TRIGGER {self.name} AFTER INSERT ON public.{self.table}
    FOR EACH ROW WHEN (NEW.kind IN ({", ".join(map(str, self.kinds))})) EXECUTE FUNCTION public.guard_{self.name}();
ALTER TABLE public.{self.table} ENABLE ALWAYS TRIGGER {self.name};
"""


class Edited(_Sql):
    """Change some words of a function that stands, and leave it otherwise as it is.

    Each change is (what stands, what becomes of it), and must be found; a function that was changed elsewhere since the
    migration was written fails here, instead of being put back to what it was.
    """

    def __init__(self, function: str, *changes: tuple[str, str]) -> None:
        """Name the function without its arguments, and the changes."""
        self.function, self.changes, self.name = function, changes, f"changes {function}"

    def sql(self) -> str:
        """Return the change of the function that stands."""
        each = "".join(
            f"""
    IF position($old${old}$old$ IN stands) = 0 THEN
        RAISE 'not found in {self.function}: %', $old${old}$old$;
    END IF;
    stands := replace(stands, $old${old}$old$, $new${new}$new$);"""
            for old, new in self.changes
        )
        return f"""
DO $edit$
DECLARE
    stands text := pg_get_functiondef('public.{self.function}'::regproc);
BEGIN{each}
    EXECUTE stands;
END $edit$;
"""


class _Pinned(_Sql):
    """Give functions that stand a setting of their own. It takes half a microsecond a call, and keeps them apart."""

    setting = ""

    def __init__(self, *functions: str) -> None:
        """Name the functions without their arguments."""
        self.functions, self.name = functions, self.setting

    def sql(self) -> str:
        """Return the setting of each."""
        return "".join(f"ALTER FUNCTION public.{function} SET {self.setting};\n" for function in self.functions)


class InUtc(_Pinned):
    """Let functions that stand reckon in UTC, whatever zone a session says that it is in.

    Of a session that makes up its own, `interval '7 days'` may be six of 24 hours, and 'UTC' any hour that it likes.
    """

    setting = "timezone = 'UTC'"


class AsWritten(_Pinned):
    r"""Let functions that stand read their strings as they are written, whatever a session says.

    Else `'\S'` may be the letter S: a body is read when it runs, by the session's `standard_conforming_strings`.
    """

    setting = "standard_conforming_strings = on"


class ViewsInHours(_Sql):
    """Let views that stand count hours for days, and name no zone; they are otherwise as they are."""

    def __init__(self, *views: str) -> None:
        """Name the views."""
        self.views, self.name = views, "views in hours"

    def sql(self) -> str:
        """Return the change of the views that stand."""
        return f"""
DO $hours$
DECLARE
    view text;
    was text;
    stands text;
    days text;
BEGIN
    FOREACH view IN ARRAY ARRAY[{", ".join(map(_literal, self.views))}] LOOP
        was := pg_get_viewdef(('public.' || view)::regclass);
        stands := replace(was, 'AT TIME ZONE ''UTC''::text', 'AT TIME ZONE interval ''0''');
        stands := replace(stands, '''1 year''::interval', 'interval ''8760 hours''');
        FOR days IN SELECT DISTINCT (regexp_matches(stands, '''(\\d+) days?''::interval', 'g'))[1] LOOP
            stands := regexp_replace(stands, format('''%s days?''::interval', days),
                format('interval ''%s hours''', 24 * days::integer), 'g');
        END LOOP;
        IF stands = was THEN
            RAISE 'nothing to change in %', view;
        END IF;
        EXECUTE format('CREATE OR REPLACE VIEW public.%I AS %s', view, stands);
    END LOOP;
END $hours$;
"""


class Grant(_Sql):
    """Give the web role `rights` on `table` ("SELECT", "INSERT", "UPDATE (state, decided_at)").

    Nothing is granted by default: a table without a Grant is closed to the site. "INSERT" alone leaves out the columns
    that the database numbers, as the latest row of a table counts and nobody may choose to be the latest for ever; a
    column that is added later needs its own grant.
    """

    def __init__(self, table: str, *rights: str) -> None:
        """Describe the rights."""
        self.table, self.rights, self.name = table, rights, f"rights on {table}"

    def sql(self) -> str:
        """Return the grants, and those on the table's own sequence."""
        grants = "".join(
            f"GRANT {right} ON public.{self.table} TO {WEB};\n" for right in self.rights if right != "INSERT"
        )
        return (
            grants
            + f"""
DO $grant$
DECLARE sequence text;
BEGIN
    IF {"INSERT" in self.rights} THEN
        EXECUTE (SELECT format('GRANT INSERT (%s) ON public.{self.table} TO {WEB}',
            string_agg(quote_ident(attname), ', '))
            FROM pg_attribute WHERE attrelid = 'public.{self.table}'::regclass
            AND attnum > 0 AND NOT attisdropped AND attidentity = '');
    END IF;
    FOR sequence IN SELECT quote_ident(s.relname) FROM pg_class s JOIN pg_depend d ON d.objid = s.oid
        WHERE s.relkind = 'S' AND d.refobjid = 'public.{self.table}'::regclass LOOP
        EXECUTE 'GRANT USAGE ON SEQUENCE public.' || sequence || ' TO {WEB}';
    END LOOP;
END $grant$;
"""
        )


class Allow(_Sql):
    """Let the web role execute a function, given with its argument types; all others are closed to it."""

    def __init__(self, function: str) -> None:
        """Describe the function, as `coop_now()`."""
        self.function, self.name = function, f"execution of {function}"

    def sql(self) -> str:
        """Return the grant."""
        return f"GRANT EXECUTE ON FUNCTION public.{self.function} TO {WEB};"
