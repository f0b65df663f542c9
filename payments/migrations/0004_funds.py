"""Two more funds: one pays hearings and whoever is paused, the other advances the pay of disputed answers."""

from django.db import migrations, models

from coop.database import guards

CHART = """
CREATE OR REPLACE FUNCTION public.payments_chart()
RETURNS TABLE (kind text, pattern text, floor bigint, ceiling bigint, tracked boolean)
LANGUAGE sql IMMUTABLE PARALLEL SAFE BEGIN ATOMIC
    VALUES
        ('bank:main', '^bank:main$', NULL::bigint, 0::bigint, true),
        ('clearing:out', '^clearing:out$', 0, NULL, true),
        ('client:available', '^client:[1-9][0-9]*:available$', 0, NULL, true),
        ('job:escrow', '^job:[1-9][0-9]*:escrow$', 0, NULL, true),
        ('job:commit', '^job:[1-9][0-9]*:commit:[1-9][0-9]*$', 0, NULL, true),
        ('member:payable', '^member:[1-9][0-9]*:payable$', 0, NULL, true),
        ('fund:training', '^fund:training$', 0, NULL, true),
        ('fund:hearing', '^fund:hearing$', 0, NULL, true),
        ('fund:dispute', '^fund:dispute$', 0, NULL, true),
        -- Nothing takes money out of these two yet, and every acceptance puts some in: they keep no running balance.
        ('fund:care', '^fund:care$', NULL, NULL, false),
        ('coop:fee', '^coop:fee$', NULL, NULL, false);
END;
"""

POSTINGS = """
CREATE OR REPLACE FUNCTION public.payments_postings()
RETURNS TABLE (kind integer, debit text, credit text, debit_part integer, credit_part integer)
LANGUAGE sql IMMUTABLE PARALLEL SAFE BEGIN ATOMIC
    VALUES
        (1, 'bank:main', 'client:available', NULL::integer, NULL::integer),
        (1, 'bank:main', 'fund:training', NULL, NULL),
        (1, 'bank:main', 'fund:hearing', NULL, NULL),
        (1, 'bank:main', 'fund:dispute', NULL, NULL),
        (2, 'client:available', 'job:escrow', NULL, NULL),
        (3, 'job:escrow', 'job:commit', 2, 2),
        (3, 'fund:training', 'job:commit', NULL, NULL),
        (4, 'job:commit', 'job:escrow', 2, 2),
        (4, 'job:commit', 'fund:training', NULL, NULL),
        (5, 'job:commit', 'member:payable', 4, 2),
        (6, 'job:commit', 'coop:fee', NULL, NULL),
        (7, 'job:commit', 'fund:training', NULL, NULL),
        (7, 'job:commit', 'fund:care', NULL, NULL),
        (10, 'job:commit', 'member:payable', 4, 2),
        (13, 'member:payable', 'clearing:out', NULL, NULL),
        (14, 'clearing:out', 'bank:main', NULL, NULL),
        (15, 'clearing:out', 'member:payable', NULL, NULL),
        (18, 'job:escrow', 'client:available', NULL, NULL);
END;
"""

# What was a tick becomes a name. A deposit is never updated, so the column itself is turned, its rows as they were.
TURNED = """
ALTER TABLE public.payments_deposit
    ALTER COLUMN to_training_fund TYPE varchar(8) USING CASE WHEN to_training_fund THEN 'training' ELSE '' END;
ALTER TABLE public.payments_deposit RENAME COLUMN to_training_fund TO fund;
"""

# As it was, but that a deposit names its fund.
BOOKKEEPING = f"""
-- Accounts are few and often updated: by the index, as their pages hold many dead rows between two clean-ups.
CREATE OR REPLACE FUNCTION public.guard_transfers_move_balances() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp SET enable_seqscan = off AS $books$
DECLARE
    kinds integer[];
    dated boolean;
BEGIN
    SELECT array_agg(DISTINCT kind::integer), bool_and(isfinite(occurred_at)) INTO kinds, dated FROM posted;
    IF kinds IS NULL THEN
        RETURN NULL;
    END IF;
    IF dated IS NOT TRUE THEN
        {guards.refuse("transfers_have_a_date", "Money moves on a day of the calendar.")}
    END IF;
    IF EXISTS (
        SELECT FROM posted p
        LEFT JOIN public.payments_account d ON d.id = p.debit_id
        LEFT JOIN public.payments_account c ON c.id = p.credit_id
        LEFT JOIN public.payments_postings() allowed
            ON allowed.kind = p.kind AND allowed.debit = d.kind AND allowed.credit = c.kind
        WHERE p.kind <> 99 AND (
            allowed.kind IS NOT NULL AND d.currency = c.currency AND d.id <> c.id AND p.reverses_id IS NULL
            AND (allowed.debit_part IS NULL OR
                split_part(d.code, ':', allowed.debit_part) = split_part(c.code, ':', allowed.credit_part))
        ) IS NOT TRUE
    ) THEN
        {guards.refuse("posting_kind_allows_it", "This kind of posting does not move money between these accounts.")}
    END IF;
    IF 99 = ANY (kinds) AND EXISTS (
        SELECT FROM posted p LEFT JOIN public.payments_transfer t ON t.id = p.reverses_id
        WHERE p.kind = 99 AND (
            -- What was earned or paid out is never taken back by a reversal (E3).
            t.kind IN (1, 2, 18) AND p.debit_id = t.credit_id AND p.credit_id = t.debit_id AND p.amount = t.amount
        ) IS NOT TRUE
    ) THEN
        {guards.refuse("reversals_mirror_a_transfer", "A reversal mirrors one deposit, funding or refund exactly.")}
    END IF;
    IF 1 = ANY (kinds) AND EXISTS (
        SELECT FROM posted p
        JOIN public.payments_account c ON c.id = p.credit_id
        LEFT JOIN public.payments_deposit b ON p.ref = 'deposit:' || b.id
        WHERE p.kind = 1 AND (
            p.amount = b.amount AND c.currency = b.currency
            AND c.code = CASE WHEN b.fund = '' THEN 'client:' || b.client_id || ':available'
                ELSE 'fund:' || b.fund END
        ) IS NOT TRUE
    ) THEN
        {guards.refuse("deposits_are_on_the_statement", "Money comes in only as a recorded deposit says.")}
    END IF;
    IF kinds && ARRAY[2, 18] AND EXISTS (
        -- A job has one client: whoever funded it first. Nobody else pays for it or is given its money.
        SELECT FROM posted p
        WHERE p.kind IN (2, 18) AND (
            SELECT first.debit_id FROM public.payments_transfer first
            WHERE first.kind = 2 AND first.credit_id = CASE p.kind WHEN 2 THEN p.credit_id ELSE p.debit_id END
            ORDER BY first.id LIMIT 1
        ) IS DISTINCT FROM CASE p.kind WHEN 2 THEN p.debit_id ELSE p.credit_id END
    ) THEN
        {guards.refuse("jobs_are_one_clients", "A job's money comes from its client and goes back to nobody else.")}
    END IF;
    IF kinds && ARRAY[13, 14, 15] AND EXISTS (
        SELECT FROM posted p
        JOIN public.payments_account d ON d.id = p.debit_id
        JOIN public.payments_account c ON c.id = p.credit_id
        LEFT JOIN public.payments_payout o ON p.ref = 'payout:' || o.id
        WHERE p.kind IN (13, 14, 15) AND (
            p.amount = o.amount AND c.currency = o.currency AND CASE p.kind
                WHEN 13 THEN o.state = 'requested' AND d.code = 'member:' || o.person_id || ':payable'
                WHEN 14 THEN o.state = 'settled'
                WHEN 15 THEN o.state = 'failed' AND c.code = 'member:' || o.person_id || ':payable'
            END
        ) IS NOT TRUE
    ) THEN
        {guards.refuse("payouts_move_what_was_asked", "Money goes out only as a payout says.")}
    END IF;
    PERFORM FROM public.payments_account a
        WHERE a.tracked AND a.id IN (SELECT debit_id FROM posted UNION ALL SELECT credit_id FROM posted)
        ORDER BY a.id FOR NO KEY UPDATE;
    UPDATE public.payments_account a SET balance = a.balance + moved.amount
    FROM (
        SELECT side.account, sum(side.amount)::bigint AS amount FROM (
            SELECT debit_id AS account, -amount AS amount FROM posted
            UNION ALL SELECT credit_id, amount FROM posted
        ) side GROUP BY side.account
    ) moved
    WHERE a.id = moved.account AND a.tracked AND moved.amount <> 0;
    RETURN NULL;
END $books$;
"""


class Migration(migrations.Migration):
    """Name the fund of a deposit, open the accounts, let grants reach them."""

    dependencies = [("payments", "0003_enactments")]
    operations = [
        *(migrations.RunSQL(sql) for sql in (CHART, POSTINGS)),
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunSQL(TURNED)],
            state_operations=[
                migrations.RenameField("deposit", "to_training_fund", "fund"),
                migrations.AlterField(
                    "deposit",
                    "fund",
                    models.CharField(
                        blank=True,
                        choices=[("training", "Training"), ("hearing", "Hearings"), ("dispute", "Disputes")],
                        default="",
                        max_length=8,
                    ),
                ),
            ],
        ),
        migrations.RunSQL(BOOKKEEPING),
        migrations.AddConstraint(
            "deposit",
            models.CheckConstraint(
                condition=models.Q(("fund__in", ["", "training", "hearing", "dispute"])), name="deposits_name_a_fund"
            ),
        ),
    ]
