"""Votes of a hundred thousand in seconds, with the same promises; and payloads that can be written in one way only."""

from importlib import import_module
from typing import ClassVar

from django.db import migrations

from coop.database import guards

OPTIONS = import_module("governance.migrations.0005_counting_options")

# The one way to write a JSON value (B18): keys in the order of their code points, no spaces, whole numbers of at most
# sixteen digits. Null for a value that holds another number.
CANONICAL = """
CREATE FUNCTION public.governance_canonical_json(value jsonb) RETURNS text LANGUAGE plpgsql IMMUTABLE STRICT
SET search_path = pg_catalog, public, pg_temp AS $canonical$
BEGIN
    CASE jsonb_typeof(value)
        WHEN 'object' THEN
            RETURN '{' || coalesce((
                SELECT CASE WHEN count(*) = count(public.governance_canonical_json(e.value)) THEN string_agg(
                    to_json(e.key)::text || ':' || public.governance_canonical_json(e.value), ','
                    ORDER BY e.key COLLATE "C") END
                FROM jsonb_each(value) e HAVING count(*) > 0
            ), CASE WHEN value = '{}'::jsonb THEN '' END) || '}';
        WHEN 'array' THEN
            RETURN '[' || coalesce((
                SELECT CASE WHEN count(*) = count(public.governance_canonical_json(e.value)) THEN string_agg(
                    public.governance_canonical_json(e.value), ',' ORDER BY e.nth) END
                FROM jsonb_array_elements(value) WITH ORDINALITY AS e(value, nth) HAVING count(*) > 0
            ), CASE WHEN value = '[]'::jsonb THEN '' END) || ']';
        WHEN 'string' THEN RETURN to_json(value #>> '{}')::text;
        WHEN 'number' THEN RETURN CASE WHEN value::text ~ '^(0|-?[1-9][0-9]{0,15})$' THEN value::text END;
        ELSE RETURN value::text;
    END CASE;
END $canonical$;
"""

IS_CANONICAL = "NEW.payload = public.governance_canonical_json(NEW.payload::jsonb)"

# As in 0018, but what was said before the last 48 hours is summed up first: only the ballots since are laid down one
# by one.
SWINGS = """
CREATE OR REPLACE FUNCTION public.governance_swings(vote bigint) RETURNS boolean LANGUAGE sql STABLE
BEGIN ATOMIC
    WITH about AS (
        SELECT p.closes_at, p.closes_at - interval '48 hours' AS since, r.*
        FROM public.governance_proposal p JOIN public.governance_rule r ON r.id = p.rule_id WHERE p.id = vote
    ), late AS MATERIALIZED (
        SELECT b.id, b.cast_at, b.person_id, b.number, b.choice FROM public.governance_ballot b CROSS JOIN about a
        WHERE b.proposal_id = vote AND b.cast_at >= a.since AND b.cast_at < a.closes_at
    ), early AS MATERIALIZED (
        SELECT DISTINCT ON (b.person_id) b.person_id, b.choice FROM public.governance_ballot b CROSS JOIN about a
        WHERE b.proposal_id = vote AND b.cast_at < a.since AND EXISTS (SELECT FROM late)
        ORDER BY b.person_id, b.number DESC
    ), places AS MATERIALIZED (
        SELECT l.person_id, l.affected FROM public.governance_rollentry l
        WHERE l.proposal_id = vote AND EXISTS (SELECT FROM late)
    ), parts AS (
        SELECT 'whole' AS name, a.whole_floor AS floor, false AS only_affected
        FROM about a WHERE a.whole_yes IS NOT NULL
        UNION ALL SELECT 'affected', a.affected_floor, true FROM about a WHERE a.affected_yes IS NOT NULL
    ), begun AS MATERIALIZED (
        SELECT g.name, g.floor, g.only_affected, count(l.person_id) AS roll,
            count(*) FILTER (WHERE e.choice = 'yes') AS yes, count(*) FILTER (WHERE e.choice = 'no') AS no
        FROM parts g LEFT JOIN places l ON l.affected OR NOT g.only_affected
        LEFT JOIN early e ON e.person_id = l.person_id
        GROUP BY g.name, g.floor, g.only_affected
    ), steps AS (
        SELECT s.id, s.cast_at, s.person_id,
            (s.choice = 'yes')::integer - (s.before = 'yes')::integer AS yes,
            (s.choice = 'no')::integer - (s.before = 'no')::integer AS no
        FROM (
            SELECT l.*, coalesce(
                lag(l.choice) OVER (PARTITION BY l.person_id ORDER BY l.number), e.choice, ''
            ) AS before
            FROM late l LEFT JOIN early e ON e.person_id = l.person_id
        ) s
    ), running AS (
        SELECT g.floor, g.roll, g.yes > g.no AS led, g.yes * 30000 >= g.floor * g.roll AS was_enough,
            g.yes + sum(s.yes) OVER laid AS yes, g.no + sum(s.no) OVER laid AS no
        FROM begun g JOIN places l ON l.affected OR NOT g.only_affected JOIN steps s ON s.person_id = l.person_id
        WINDOW laid AS (PARTITION BY g.name ORDER BY s.cast_at, s.id ROWS UNBOUNDED PRECEDING)
    )
    -- Another outcome than at the start of the window is another at the moment it turned.
    SELECT EXISTS (
        SELECT FROM running r WHERE (r.yes > r.no) <> r.led OR (r.yes * 30000 >= r.floor * r.roll) <> r.was_enough
    );
END;
"""

# As in 0005, with the small parts found in the box that is open already, not opened again for every group.
SMALL = """), small AS MATERIALIZED (
        SELECT coalesce(bool_or(cell.ballots BETWEEN 1 AND 9), false) AS is FROM (
            SELECT count(b.choice) AS ballots FROM box b
            CROSS JOIN public.governance_proposal p JOIN public.governance_rule r ON r.id = p.rule_id
            WHERE p.id = vote GROUP BY b.affected, b.senior AND r.seniors_too
        ) cell
    ), sums AS ("""
_FIRST, _APPROVAL = OPTIONS.COUNTING.split("-- Whatever most approve wins", 1)
YES_NO = (
    _FIRST.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION")
    .replace("), sums AS (", SMALL, 1)
    .replace("NOT public.governance_small(vote)", "NOT (SELECT small.is FROM small)")
)
APPROVAL = (
    ("-- Whatever most approve wins" + _APPROVAL.split("-- Nobody counts ballots in order yet", 1)[0])
    .replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION")
    .replace("), sums AS (", SMALL, 1)
    .replace("NOT public.governance_small(vote)", "NOT (SELECT small.is FROM small)")
)

# The roll comes in one statement, so it is asked once and not a hundred thousand times.
ROLL = f"""
DROP TRIGGER roll_is_written_at_publication ON public.governance_rollentry;
CREATE OR REPLACE FUNCTION public.guard_roll_is_written_at_publication() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $guard$
BEGIN
    IF EXISTS (
        SELECT FROM (SELECT DISTINCT n.proposal_id FROM written n) l
        LEFT JOIN public.governance_proposal p ON p.id = l.proposal_id AND p.published_at IS NULL WHERE p.id IS NULL
    ) THEN
        {
    guards.refuse(
        "roll_is_written_at_publication", "The roll is written when the proposal is published, and never after."
    )
}
    END IF;
    RETURN NULL;
END $guard$;
CREATE TRIGGER roll_is_written_at_publication AFTER INSERT ON public.governance_rollentry
    REFERENCING NEW TABLE AS written FOR EACH STATEMENT
    EXECUTE FUNCTION public.guard_roll_is_written_at_publication();
ALTER TABLE public.governance_rollentry ENABLE ALWAYS TRIGGER roll_is_written_at_publication;
"""


class Migration(migrations.Migration):
    """Replace the counts and the roll's guard; watch how payloads are written."""

    dependencies: ClassVar = [("governance", "0020_letters_guards")]
    operations: ClassVar = [
        *(migrations.RunSQL(sql, migrations.RunSQL.noop) for sql in (CANONICAL, SWINGS, YES_NO, APPROVAL, ROLL)),
        guards.Guard(
            "proposal_is_canonical",
            table="governance_proposal",
            on="INSERT OR UPDATE",
            holds=IS_CANONICAL,
            otherwise="A payload is written in the one canonical way, so that what is hashed is what is meant.",
            definer=True,
        ),
        guards.Guard(
            "option_payload_is_canonical",
            table="governance_option",
            holds=f"NEW.payload = '' OR {IS_CANONICAL}",
            otherwise="A payload is written in the one canonical way, so that what is hashed is what is meant.",
            definer=True,
        ),
    ]
