"""A month's statements are sealed as a whole, by the database: the site writes neither the hashes nor the event."""

from typing import ClassVar

from django.db import migrations, models

from coop.database import guards

NAME = "statements_are_sealed_as_a_whole"
# Who has anything on a statement of a month.
MEMBERS = """
CREATE FUNCTION public.payments_with_a_statement(month text) RETURNS SETOF bigint LANGUAGE sql STABLE
SET search_path = pg_catalog, public, pg_temp AS $$
    WITH span AS (
        SELECT (month || '-01')::timestamp AT TIME ZONE 'UTC' AS first,
            ((month || '-01')::timestamp + interval '1 month') AT TIME ZONE 'UTC' AS after
    )
    SELECT split_part(a.code, ':', 2)::bigint
        FROM span, public.payments_transfer t JOIN public.payments_account a ON a.id = t.credit_id
        WHERE a.kind IN ('member:payable', 'member:capital') AND t.posted_at >= first AND t.posted_at < after
    UNION SELECT split_part(a.code, ':', 2)::bigint
        FROM span, public.payments_transfer t JOIN public.payments_account a ON a.id = t.debit_id
        WHERE a.kind IN ('member:payable', 'member:capital') AND t.posted_at >= first AND t.posted_at < after
    UNION SELECT person_id FROM span, public.payments_topup WHERE at >= first AND at < after
$$;
"""
# The tree of RFC 6962: two by two, and who is left alone goes up as they are.
SEAL = """
CREATE FUNCTION public.payments_seal_statements(sealed text, people bigint[], digests text[], nonces text[])
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $seal$
DECLARE
    nodes bytea[] := '{}';
BEGIN
    WITH leaf AS (
        SELECT one.*, sha256('\\x00'::bytea || convert_to(concat_ws(' ', sealed, digest, nonce), 'UTF8')) AS node
        FROM unnest(people, digests, nonces) AS one (person, digest, nonce)
    ), kept AS (
        INSERT INTO public.payments_sealedstatement (person_id, month, place, digest, nonce)
        SELECT person, sealed, row_number() OVER (ORDER BY node) - 1, digest, nonce FROM leaf
    )
    SELECT coalesce(array_agg(node ORDER BY node), '{}') INTO nodes FROM leaf;
    WHILE cardinality(nodes) > 1 LOOP
        nodes := (
            SELECT array_agg(node ORDER BY pair) FROM (
                SELECT (place - 1) / 2 AS pair, CASE count(*) WHEN 1 THEN string_agg(node, ''::bytea)
                    ELSE sha256('\\x01'::bytea || string_agg(node, ''::bytea ORDER BY place)) END AS node
                FROM unnest(nodes) WITH ORDINALITY AS below (node, place) GROUP BY 1
            ) above
        );
    END LOOP;
    INSERT INTO public.record_event (at, kind, subject, data) VALUES (
        public.coop_now(), 'statements.sealed', 'statements:' || sealed,
        jsonb_build_object('root', encode(coalesce(nodes[1], sha256(''::bytea)), 'hex'))
    );
END $seal$;
"""
WHOLE = f"""
    {guards.in_the_present(NAME)}
    IF (pg_has_role(current_user, (
            SELECT c.relowner FROM pg_class c WHERE c.oid = 'public.record_event'::regclass), 'USAGE')
        AND CASE WHEN NEW.subject ~ '^statements:[1-9][0-9]{{3}}-(0[1-9]|1[0-2])$' THEN
            (of_month || '-01')::date + interval '1 month' <= public.coop_now() AT TIME ZONE 'UTC'
            AND NOT EXISTS (SELECT FROM public.record_event e WHERE e.kind = NEW.kind AND e.subject = NEW.subject)
            AND NOT EXISTS (SELECT FROM public.payments_with_a_statement(of_month) AS m (person)
                FULL JOIN (SELECT l.person_id FROM public.payments_sealedstatement l WHERE l.month = of_month) s
                    ON s.person_id = m.person
                WHERE m.person IS NULL OR s.person_id IS NULL) END) IS NOT TRUE
    THEN
        {guards.refuse(NAME, "All of a month's statements are sealed at once, when it is over, by the database.")}
    END IF;
    RETURN NEW;
"""


class Migration(migrations.Migration):
    """Let one function keep a month's hashes and say that they are sealed, and salt their leaves from now on."""

    dependencies: ClassVar = [("payments", "0090_what_waits_decides_first"), ("record", "0007_asked_of_its_kind")]
    operations: ClassVar = [
        migrations.AddField(
            "sealedstatement",
            "nonce",
            models.CharField(
                blank=True, default="", max_length=32,
                help_text="Random, in hexadecimal, so that nobody guesses a file from its leaf; none before 0233.",
            ),
            preserve_default=False,
        ),
        guards.Edited(
            "guard_statements_are_sealed_when_a_month_is_over",
            ("NEW.digest ~ '^[0-9a-f]{64}$'", "NEW.digest ~ '^[0-9a-f]{64}$' AND NEW.nonce ~ '^[0-9a-f]{32}$'"),
        ),
        migrations.RunSQL("REVOKE INSERT ON public.payments_sealedstatement FROM workhall_web;"),
        migrations.RunSQL(MEMBERS),
        guards.Allow("payments_with_a_statement(text)"),
        migrations.RunSQL(SEAL),
        guards.Allow("payments_seal_statements(text, bigint[], text[], text[])"),
        guards.Procedure(
            NAME, table="record_event", declare="of_month text := split_part(NEW.subject, ':', 2);", body=WHOLE
        ),
        migrations.RunSQL(f"""
CREATE OR REPLACE TRIGGER {NAME} BEFORE INSERT ON public.record_event
    FOR EACH ROW WHEN (NEW.kind = 'statements.sealed') EXECUTE FUNCTION public.guard_{NAME}();
ALTER TABLE public.record_event ENABLE ALWAYS TRIGGER {NAME};
"""),
    ]  # fmt: skip
