"""A month of the books is sealed by the database: no word of the site takes a month's place."""

from importlib import import_module
from typing import ClassVar

from django.db import migrations

from coop.database import guards

LAST = import_module("payments.migrations.0091_sealed_as_a_whole").SEAL
NAME = "books_are_sealed_by_the_database"
# The tree of RFC 6962: two by two, and who is left alone goes up as they are.
LOOP = LAST[LAST.index("    WHILE cardinality") : LAST.index("    INSERT INTO public.record_event")]
ROOT = f"""
CREATE FUNCTION public.payments_root(nodes bytea[]) RETURNS bytea LANGUAGE plpgsql IMMUTABLE
SET search_path = pg_catalog, public, pg_temp SET standard_conforming_strings = on AS $root$
BEGIN
{LOOP}    RETURN coalesce(nodes[1], sha256(''::bytea));
END $root$;
"""
# Each leaf as payments/sealing.py has it, which reckons the same root to prove it.
SEAL = """
CREATE FUNCTION public.payments_seal_books(sealed text) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp SET timezone = 'UTC' SET standard_conforming_strings = on AS $seal$
DECLARE
    first timestamptz := (sealed || '-01')::timestamp AT TIME ZONE interval '0';
    after timestamptz := ((sealed || '-01')::timestamp + interval '1 month') AT TIME ZONE interval '0';
BEGIN
    PERFORM public.payments_wait_for_postings();
    INSERT INTO public.record_event (at, kind, subject, data)
    SELECT public.coop_now(), 'ledger.sealed', 'ledger:' || sealed, jsonb_build_object('transfers', count(*), 'root',
        encode(public.payments_root(coalesce(array_agg(sha256('\\x00'::bytea || convert_to('[' || concat_ws(',',
            t.id, to_json(t.key::text), to_json(t.journal::text), t.kind, to_json(d.code), to_json(c.code),
            to_json(d.currency), t.amount, to_json(t.ref), coalesce(t.reverses_id::text, 'null'),
            to_json(to_char(t.posted_at AT TIME ZONE interval '0', 'YYYY-MM-DD"T"HH24:MI:SS.US') || '+00:00')
        ) || ']', 'UTF8')) ORDER BY t.id), '{}')), 'hex'))
    FROM public.payments_transfer t JOIN public.payments_account d ON d.id = t.debit_id
    JOIN public.payments_account c ON c.id = t.credit_id WHERE t.posted_at >= first AND t.posted_at < after;
END $seal$;
"""
# What lacks a number or a root is no seal (0206), and takes no place.
BY_IT = f"""
    {guards.in_the_present(NAME)}
    IF (pg_has_role(current_user, (
            SELECT c.relowner FROM pg_class c WHERE c.oid = 'public.record_event'::regclass), 'USAGE')
        AND CASE WHEN NEW.subject ~ '^ledger:[1-9][0-9]{{3}}-(0[1-9]|1[0-2])$' THEN
            (split_part(NEW.subject, ':', 2) || '-01')::date + interval '1 month' + interval '1 hour'
                <= public.coop_now() AT TIME ZONE interval '0'
            AND NOT EXISTS (SELECT FROM public.record_event e WHERE e.kind = NEW.kind AND e.subject = NEW.subject
                AND jsonb_typeof(e.data -> 'transfers') = 'number' AND jsonb_typeof(e.data -> 'root') = 'string')
            END) IS NOT TRUE
    THEN
        {guards.refuse(NAME, "A month of the books is sealed once, when it is over, by the database.")}
    END IF;
    RETURN NEW;
"""


class Migration(migrations.Migration):
    """Let one function reckon a month's root and write it into the record."""

    dependencies: ClassVar = [("payments", "0100_sealed_after_all_that_is_posted"), ("record", "0009_moments_in_utc")]
    operations: ClassVar = [
        migrations.RunSQL(ROOT),
        guards.Edited(
            "payments_seal_statements",
            (LOOP, ""),
            ("coalesce(nodes[1], sha256(''::bytea))", "public.payments_root(nodes)"),
        ),
        migrations.RunSQL(SEAL),
        guards.Allow("payments_seal_books(text)"),
        guards.Procedure(NAME, table="record_event", body=BY_IT),
        migrations.RunSQL(f"""
CREATE OR REPLACE TRIGGER {NAME} BEFORE INSERT ON public.record_event
    FOR EACH ROW WHEN (NEW.kind = 'ledger.sealed') EXECUTE FUNCTION public.guard_{NAME}();
ALTER TABLE public.record_event ENABLE ALWAYS TRIGGER {NAME};
"""),
        guards.InUtc(f"guard_{NAME}"),
        guards.AsWritten(f"guard_{NAME}"),
    ]
