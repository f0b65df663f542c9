"""What the books promise: who may write where, which posting moves which money, and that balances follow."""

from django.db import migrations

from coop.database import guards

# Every account that may exist: how its code is written, and the bounds its balance (credits minus debits) keeps to.
CHART = """
CREATE FUNCTION public.payments_chart()
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
        -- Nothing takes money out of these two yet, and every acceptance puts some in: they keep no running balance.
        ('fund:care', '^fund:care$', NULL, NULL, false),
        ('coop:fee', '^coop:fee$', NULL, NULL, false);
END;
"""

# Every movement that may be posted; `debit_part` and `credit_part` name the number in both codes that must be the same
# (the job of an escrow, the member of a wage).
POSTINGS = """
CREATE FUNCTION public.payments_postings()
RETURNS TABLE (kind integer, debit text, credit text, debit_part integer, credit_part integer)
LANGUAGE sql IMMUTABLE PARALLEL SAFE BEGIN ATOMIC
    VALUES
        (1, 'bank:main', 'client:available', NULL::integer, NULL::integer),
        (1, 'bank:main', 'fund:training', NULL, NULL),
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

OPENING = f"""
    SELECT * INTO line FROM public.payments_chart() chart WHERE NEW.code ~ chart.pattern;
    IF line.kind IS NULL OR NEW.currency !~ '^[A-Z]{{3}}$' OR coalesce(nullif(NEW.kind, ''), line.kind) <> line.kind
        OR coalesce(NEW.balance, 0) <> 0
        OR (NEW.floor IS NOT NULL AND NEW.floor IS DISTINCT FROM line.floor)
        OR (NEW.ceiling IS NOT NULL AND NEW.ceiling IS DISTINCT FROM line.ceiling)
    THEN
        {guards.refuse("accounts_open_empty_and_bounded", "An account opens empty, with the bounds of its kind.")}
    END IF;
    NEW.kind := line.kind;
    NEW.balance := 0;
    NEW.floor := line.floor;
    NEW.ceiling := line.ceiling;
    NEW.tracked := line.tracked;
    RETURN NEW;
"""

# One statement, however many transfers it carries. Accounts are locked in the order of their ids, so that two
# statements over the same accounts wait for each other and never in a circle.
BOOKKEEPING = f"""
ALTER TABLE public.payments_transfer ALTER posted_at SET DEFAULT public.coop_now();

-- Accounts are few and often updated: by the index, as their pages hold many dead rows between two clean-ups.
CREATE FUNCTION public.guard_transfers_move_balances() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
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
            AND c.code = CASE WHEN b.to_training_fund THEN 'fund:training'
                ELSE 'client:' || b.client_id || ':available' END
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

CREATE TRIGGER transfers_move_balances AFTER INSERT ON public.payments_transfer
    REFERENCING NEW TABLE AS posted FOR EACH STATEMENT EXECUTE FUNCTION public.guard_transfers_move_balances();
ALTER TABLE public.payments_transfer ENABLE ALWAYS TRIGGER transfers_move_balances;
-- Room beside each account for its next balances, and a clean-up every few thousand postings.
ALTER TABLE public.payments_account
    SET (fillfactor = 25, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000);
"""

# The figures of the work that pay needs; the app that knows the work replaces these views, keeping their columns.
# `amount` is in micro-units of US dollars.
WORK_FIGURES = """
CREATE VIEW public.payments_recent_units AS
SELECT NULL::bigint AS work_type_id, NULL::bigint AS person_id, NULL::bigint AS units, NULL::numeric AS seconds,
    NULL::timestamptz AS last_at WHERE false;

CREATE VIEW public.payments_measured_time AS
SELECT NULL::bigint AS work_type_id, NULL::bigint AS units, NULL::bigint AS people, NULL::numeric AS median_seconds,
    NULL::numeric AS q1, NULL::numeric AS q3 WHERE false;

CREATE VIEW public.payments_being_checked AS
SELECT NULL::bigint AS person_id, NULL::bigint AS units, NULL::numeric AS amount, NULL::timestamptz AS latest
    WHERE false;
"""

# The rule a new rate needs, by the constitution's D4 and D7: measured from the best pay per unit and per hour of the
# last 12 months, unless nobody would get less than now. Whole numbers multiplied, so that no rounding moves a bound.
NEEDED_RULE = """
CREATE FUNCTION public.payments_rule_for_rate(work bigint, pay bigint, seconds integer) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $rule$
    WITH past AS (
        SELECT r.version, r.amount::numeric AS was, r.estimated_seconds::numeric AS took
        FROM public.payments_rate r
        WHERE r.work_type_id = work AND NOT EXISTS (
            SELECT FROM public.payments_rate later WHERE later.work_type_id = work AND later.version > r.version
            AND later.since <= public.coop_now() - interval '12 months'
        )
    ), kept AS (
        SELECT version,
            pay >= was AND pay * took >= was * seconds AS whole,
            100 * pay >= 95 * was AND 100 * pay * took >= 95 * was * seconds AS most,
            100 * pay >= 85 * was AND 100 * pay * took >= 85 * was * seconds AS much
        FROM past
    )
    SELECT CASE
        WHEN (SELECT whole FROM kept ORDER BY version DESC LIMIT 1) THEN 'N10'
        WHEN bool_and(most) THEN 'N1'
        WHEN bool_and(much) THEN 'N2'
        ELSE 'N3'
    END FROM kept
$rule$;
"""

RATE_OTHERWISE = "A rate is what a passed vote says, neither earlier nor lower nor otherwise."
RATE = f"""
    SELECT m.proposal_id, m.due_at, m.expires_at, p.policy, p.payload, p.subject, r.key INTO voted
    FROM public.governance_mandate m
    LEFT JOIN public.governance_proposal p ON p.id = m.proposal_id
    LEFT JOIN public.governance_rule r ON r.id = p.rule_id
    WHERE m.id = NEW.mandate_id;
    IF voted.proposal_id IS NULL AND voted.due_at IS NOT NULL THEN
        -- The founding meeting's rates: only the owner of the schema writes them, before the cooperative opens.
        IF pg_has_role(session_user, 'workhall_owner', 'USAGE') AND NEW.version = 1 THEN
            RETURN NEW;
        END IF;
    ELSIF voted.policy = 'rate_change' AND voted.payload IS JSON OBJECT WITH UNIQUE KEYS THEN
        said := voted.payload::jsonb;
        SELECT version INTO latest FROM public.payments_rate WHERE work_type_id = NEW.work_type_id
            ORDER BY version DESC LIMIT 1 FOR KEY SHARE;
        IF (said - 'amount' = jsonb_build_object(
                'work_type', NEW.work_type_id, 'currency', NEW.currency,
                'estimated_seconds', NEW.estimated_seconds, 'replaces', NEW.version - 1)
            -- Those who do this work voted on it, not those of another.
            AND voted.subject = 'work_type:' || NEW.work_type_id
            AND jsonb_typeof(said -> 'amount') = 'string'
            AND said ->> 'amount' ~ '^[0-9]+([.][0-9]+)?$'
            AND (said ->> 'amount')::numeric * 1000000 = NEW.amount
            AND NEW.version = latest + 1
            AND NEW.since BETWEEN voted.due_at AND public.coop_now()
            AND public.coop_now() < voted.expires_at
            AND array_position(strictness, voted.key) >= array_position(strictness,
                public.payments_rule_for_rate(NEW.work_type_id, NEW.amount, NEW.estimated_seconds))
        ) THEN
            RETURN NEW;
        END IF;
    END IF;
    {guards.refuse("rate_is_what_the_vote_said", RATE_OTHERWISE)}
"""

IN_OFFICE = """EXISTS (
    SELECT FROM public.governance_office o WHERE o.id = {office} AND o.post IN ('treasurer', 'secretary')
    AND public.coop_now() >= o.starts_at AND public.coop_now() < o.ends_at{more})"""


def in_office(office: str, more: str = "") -> str:
    """Return the SQL condition that an office is one that handles money, held now."""
    return IN_OFFICE.format(office=office, more=f" AND {more}" if more else "")


PAYOUT_STEPS = f"""
    IF OLD.state = 'requested' AND NEW.state = 'sent' THEN
        IF NEW.reference <> '' AND isfinite(NEW.sent_at) AND NEW.settled_by_id IS NULL AND NEW.settled_at IS NULL
            AND {in_office("NEW.sent_by_id", "o.person_id <> NEW.person_id")}
            AND EXISTS (SELECT FROM public.payments_transfer t WHERE t.ref = 'payout:' || NEW.id AND t.kind = 13)
        THEN
            RETURN NEW;
        END IF;
    ELSIF OLD.state = 'sent' AND NEW.state IN ('settled', 'failed') THEN
        IF isfinite(NEW.settled_at)
            AND ROW(NEW.reference, NEW.sent_by_id, NEW.sent_at) = ROW(OLD.reference, OLD.sent_by_id, OLD.sent_at)
            AND {
    in_office(
        "NEW.settled_by_id",
        "o.person_id <> NEW.person_id AND"
        " o.person_id <> (SELECT person_id FROM public.governance_office WHERE id = NEW.sent_by_id)",
    )
}
        THEN
            RETURN NEW;
        END IF;
    END IF;
    {guards.refuse("payouts_go_by_two_officers", "A payout goes by two officers in order, never the payee.")}
"""


class Migration(migrations.Migration):
    """Install the books and their guards; open to the site what it may read and add."""

    dependencies = [("coop", "0001_initial"), ("governance", "0001_initial"), ("payments", "0001_initial")]
    operations = [
        *(migrations.RunSQL(sql) for sql in (CHART, POSTINGS, BOOKKEEPING, WORK_FIGURES, NEEDED_RULE)),
        guards.Allow("payments_rule_for_rate(bigint, bigint, integer)"),
        guards.Procedure(
            "accounts_open_empty_and_bounded",
            table="payments_account",
            declare="line record;",
            body=OPENING,
            definer=True,
        ),
        guards.Frozen(
            "payments_account",
            ["code", "kind", "currency", "floor", "ceiling", "tracked"],
            otherwise="An account keeps its name and its bounds.",
        ),
        guards.NeverDeleted("payments_account"),
        # No UPDATE: balances are moved by transfers_move_balances alone.
        guards.Grant("payments_account", "SELECT", "INSERT"),
        guards.AppendOnly("payments_transfer", otherwise="A transfer is never changed; a correction is a new one."),
        # posted_at is the database's own.
        guards.Grant(
            "payments_transfer",
            "SELECT",
            "INSERT (key, journal, kind, debit_id, credit_id, amount, ref, reverses_id, occurred_at)",
        ),
        guards.AppendOnly("payments_worktype", otherwise="A kind of work stays what it was voted as."),
        guards.Grant("payments_worktype", "SELECT"),
        guards.AppendOnly("payments_rate", otherwise="A rate is never changed; a vote makes a new one."),
        guards.Procedure(
            "rate_is_what_the_vote_said",
            table="payments_rate",
            declare="""voted record; said jsonb; latest integer;
    strictness CONSTANT text[] := ARRAY['N10', 'N1', 'N2', 'N3'];""",
            body=RATE,
            definer=True,
        ),
        guards.Grant("payments_rate", "SELECT", "INSERT"),
        guards.AppendOnly("payments_fee", otherwise="A fee is never changed; a vote makes a new one."),
        guards.Guard(
            "fee_is_set_by_the_founding_meeting",
            table="payments_fee",
            holds="""pg_has_role(session_user, 'workhall_owner', 'USAGE')
                AND EXISTS (SELECT FROM public.governance_mandate m
                    WHERE m.id = NEW.mandate_id AND m.proposal_id IS NULL)""",
            otherwise="The fee stands until the members vote on it.",
            definer=True,
        ),
        guards.Grant("payments_fee", "SELECT", "INSERT"),
        guards.AppendOnly("payments_deposit", otherwise="A deposit is never changed; a correction is a reversal."),
        guards.Guard(
            "deposits_are_recorded_in_office",
            table="payments_deposit",
            holds=f"""isfinite(NEW.at) AND
                (pg_has_role(session_user, 'workhall_owner', 'USAGE') OR {in_office("NEW.recorded_by_id")})""",
            otherwise="Deposits are recorded by the treasurer or the secretary.",
            definer=True,
        ),
        guards.Grant("payments_deposit", "SELECT", "INSERT"),
        guards.Guard(
            "payouts_begin_as_asked",
            table="payments_payout",
            holds="""NEW.state = 'requested' AND NEW.reference = '' AND NEW.sent_by_id IS NULL AND NEW.sent_at IS NULL
                AND NEW.settled_by_id IS NULL AND NEW.settled_at IS NULL
                AND NEW.amount % 10000 = 0 AND NEW.requested_at <= public.coop_now()
                AND isfinite(NEW.requested_at)""",
            otherwise="A payout begins as a request, in whole cents.",
            definer=True,
        ),
        guards.Frozen(
            "payments_payout",
            ["person_id", "amount", "currency", "method", "key", "requested_at"],
            otherwise="What was asked for does not change; ask again.",
        ),
        guards.Procedure(
            "payouts_go_by_two_officers", table="payments_payout", body=PAYOUT_STEPS, on="UPDATE", definer=True
        ),
        guards.NeverDeleted("payments_payout"),
        guards.Grant(
            "payments_payout",
            "SELECT",
            "INSERT",
            "UPDATE (state, reference, sent_by_id, sent_at, settled_by_id, settled_at)",
        ),
        guards.Grant("payments_recent_units", "SELECT"),
        guards.Grant("payments_measured_time", "SELECT"),
        guards.Grant("payments_being_checked", "SELECT"),
    ]
