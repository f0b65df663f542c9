"""Two questions that the site alone asked are the database's: what a statement has as paid, and what lies at Stripe."""

from typing import ClassVar

from django.db import migrations

from coop.database import guards

# What confirmed statements have of payouts that are on their way and did not book, as money that was not there by the
# books or an officer's own; a charge that came back is no word about the payout that it was for.
ASKED = r"""
CREATE FUNCTION public.payments_asked_of(payouts bigint[])
RETURNS TABLE (event bigint, statement text, line bigint, payout bigint, incoming boolean) LANGUAGE sql STABLE
SET search_path = pg_catalog, public, pg_temp AS $asked$
    SELECT e.id, s.number::text, l.place, p.id, e.incoming FROM public.payments_payout p
    JOIN public.payments_payrun r ON r.id = p.run_id
    JOIN public.payments_bankstatement s ON s.read_at >= coalesce(r.handed_over_at, r.released_at)
    JOIN public.payments_givenstatement g ON g.id = s.given_id
    CROSS JOIN LATERAL jsonb_array_elements(g.lines) WITH ORDINALITY AS l (line, place)
    JOIN public.payments_railevent e ON e.statement_id = s.id AND e.payout_id IS NULL AND e.outcome = 'unknown'
        AND split_part(e.event, '/', 2) = l.place::text
    WHERE p.id = ANY(payouts) AND p.rail = 'bank' AND p.state IN ('sending', 'sent')
    AND substring(l.line ->> 'key' FROM '^WORKHALL-PAYOUT-0*([1-9][0-9]*)$') = p.id::text
    AND NOT ((l.line ->> 'is_fee')::boolean AND e.incoming) ORDER BY e.id, p.id
$asked$;
"""
STANDS = """(SELECT count(*) FILTER (WHERE NOT a.incoming) > count(*) FILTER (WHERE a.incoming)
        FROM public.payments_asked_of(ARRAY[NEW.payout_id]) a)"""
NAME, SAYS = "what_stands_as_paid_arrived", "Nobody says that a payout did not arrive which a statement has as paid."
# Whoever confirms a statement that has it holds the payout as well.
MINDS = f"""{guards.in_the_present(NAME)}
    PERFORM FROM public.payments_payout p WHERE p.id = NEW.payout_id FOR NO KEY UPDATE;
    IF NOT NEW.arrived AND {STANDS} THEN
        {guards.refuse(NAME, SAYS)}
    END IF;
    RETURN NEW;"""
# What payers' banks take back there may take it below nothing, and with it what Stripe takes for that; nothing that we
# pay from there. Asked when balances have moved, of what is seldom posted (decision 0241).
LIES = f"""
CREATE FUNCTION public.guard_what_stripe_pays_lies_there() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $guard$
BEGIN
    IF EXISTS (
        SELECT FROM posted p JOIN public.payments_account a ON a.id = p.credit_id
        WHERE p.kind IN (14, 17, 44) AND a.code = 'bank:stripe' AND a.balance > 0
        AND (p.kind <> 17 OR EXISTS (SELECT FROM public.payments_railevent e WHERE e.payout_id IS NOT NULL
            AND e.id = substring(p.ref FROM '^rail_event:([0-9]+)$')::bigint))
    ) THEN
        {guards.refuse("what_stripe_pays_lies_there", "No more is paid from Stripe than lies there.")}
    END IF;
    RETURN NULL;
END $guard$;
CREATE TRIGGER what_stripe_pays_lies_there AFTER DELETE ON public.payments_seldom
    REFERENCING OLD TABLE AS posted FOR EACH STATEMENT EXECUTE FUNCTION public.guard_what_stripe_pays_lies_there();
ALTER TABLE public.payments_seldom ENABLE ALWAYS TRIGGER what_stripe_pays_lies_there;
"""


class Migration(migrations.Migration):
    """Ask both of whoever writes, by whatever way."""

    dependencies: ClassVar = [("payments", "0109_moves_turned_down")]
    operations: ClassVar = [
        migrations.RunSQL(ASKED),
        guards.Allow("payments_asked_of(bigint[])"),
        guards.Procedure(NAME, table="payments_verdict", body=MINDS, definer=True),
        guards.Edited(
            "guard_two_officers_end_what_was_never_answered",
            (
                "NEW.event !~ '/verdict$' OR (",
                f"NEW.event !~ '/verdict$' OR (NEW.outcome <> 'failed' OR NOT {STANDS}) AND (",
            ),
        ),
        migrations.RunSQL(LIES),
    ]
