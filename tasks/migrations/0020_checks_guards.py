"""What is promised to whoever checks answers: no check without its pay, from money set aside before work began (E6)."""

from importlib import import_module
from typing import ClassVar

from django.db import migrations

from coop.database import guards

DISPUTES = import_module("tasks.migrations.0012_disputes_guards")
changed = DISPUTES.changed

# What wages and fees need of a job's escrow, as it was; and what checks may come to at most: two for each answer, as
# one is sent back once. An answer that comes back after it was checked needs its two anew.
WAGES = changed(
    DISPUTES.MONEY_NEEDED.split("CREATE OR REPLACE FUNCTION public.tasks_set_aside")[0],
    ("CREATE OR REPLACE FUNCTION public.tasks_money_needed", "CREATE FUNCTION public.tasks_wages_needed"),
)
MOST = """
CREATE FUNCTION public.tasks_checks_needed(job bigint, pay bigint) RETURNS bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $checks$
    SELECT coalesce((SELECT CASE WHEN j.is_onboarding THEN 0 ELSE each * (
            2 * coalesce((SELECT sum(t.open_slots) FROM public.tasks_task t
                WHERE t.job_id = job AND t.open_slots > 0), 0)
            + coalesce((SELECT sum(CASE WHEN a.state = 'disputed' THEN 2 ELSE greatest(0, 2 - (
                SELECT count(*) FROM public.tasks_check k WHERE k.assignment_id = a.id AND k.state <> 'lapsed')) END)
                FROM public.tasks_assignment a
                WHERE a.job_id = job AND a.state IN ('claimed', 'submitted', 'sent_back', 'disputed')), 0)
        ) END
        FROM public.tasks_job j
        CROSS JOIN LATERAL public.payments_check_pay(j.work_type_id, tasks_checks_needed.pay) AS each
        WHERE j.id = job), 0)::bigint
$checks$;

CREATE OR REPLACE FUNCTION public.tasks_money_needed(job bigint, pay bigint) RETURNS bigint
LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $needed$
    SELECT public.tasks_wages_needed(job, pay) + public.tasks_checks_needed(job, pay)
$needed$;
"""

# Who may check an answer: whoever works, has no part in it, and is not kept from it by a decision that stands (7.8).
MAY_CHECK = """
CREATE FUNCTION public.tasks_may_check(person bigint, assignment bigint) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $may$
    SELECT coalesce((SELECT s.status IN ('member', 'candidate') FROM public.governance_standing s
        WHERE s.person_id = person ORDER BY s.id DESC LIMIT 1), false)
    AND NOT public.tasks_has_part(person, assignment)
    AND NOT EXISTS (SELECT FROM public.governance_pause p WHERE p.person_id = person
        AND p.scope IN ('work', 'job:' || j.id)
        AND public.coop_now() >= p.starts_at AND public.coop_now() < p.ends_at)
    AND NOT public.governance_bars(person, ARRAY['work', 'job:' || j.id, 'client:' || j.client_id])
    FROM public.tasks_assignment a JOIN public.tasks_job j ON j.id = a.job_id WHERE a.id = assignment
$may$;
"""

TAKEN, PAID_AHEAD = "checks_are_taken_by_others", "checks_are_paid_from_what_is_set_aside"
TAKE = f"""
    {guards.in_the_present(TAKEN)}
    SELECT a.pay, a.state, a.accept_by, j.id AS job, j.work_type_id, j.pay AS job_pay, j.is_onboarding, j.closed_at
    INTO work FROM public.tasks_assignment a JOIN public.tasks_job j ON j.id = a.job_id WHERE a.id = NEW.assignment_id;
    NEW.taken_at := public.coop_now();
    NEW.until := NEW.taken_at + interval '30 minutes';
    IF (NEW.state = 'open' AND NEW.ended_at IS NULL AND NEW.pay IS NULL
        AND work.state = 'submitted' AND NOT work.is_onboarding AND NEW.until <= work.accept_by
        AND public.tasks_may_check(NEW.person_id, NEW.assignment_id)
    ) IS NOT TRUE THEN
        {guards.refuse(TAKEN, "An answer is taken to be checked by somebody without a part in it, in good time.")}
    END IF;
    NEW.pay := public.payments_check_pay(work.work_type_id, work.pay);
    -- Claims of this moment wait here, so that no check takes the money behind an answer.
    PERFORM FROM public.payments_account WHERE code = 'job:' || work.job || ':escrow' FOR NO KEY UPDATE;
    IF (work.closed_at IS NULL AND NEW.pay > 0
        AND public.tasks_set_aside(work.job) - NEW.pay >= public.tasks_wages_needed(work.job, work.job_pay)
    ) IS NOT TRUE THEN
        {guards.refuse(PAID_AHEAD, "No check without its pay, voted and set aside before the work began (E6).")}
    END IF;
    RETURN NEW;
"""
DECIDED = """(EXISTS (SELECT FROM public.tasks_review r WHERE r.assignment_id = OLD.assignment_id
        AND r.reviewer_id = OLD.person_id AND r.ground = 'peer')
    OR EXISTS (SELECT FROM public.tasks_dispute q WHERE q.assignment_id = OLD.assignment_id
        AND q.rejected_by_id = OLD.person_id AND q.looks_for = 'peer'))"""
ENDS = f"""
    NEW.ended_at := public.coop_now();
    IF (OLD.state = 'open' AND CASE NEW.state WHEN 'done' THEN {DECIDED}
        WHEN 'lapsed' THEN NEW.ended_at >= OLD.until AND NOT {DECIDED} ELSE false END
    ) IS NOT TRUE THEN
        {guards.refuse("checks_end_decided_or_by_time", "A check ends when the answer is decided, or by its time.")}
    END IF;
    RETURN NEW;
"""
WAITS = """NOT EXISTS (SELECT FROM public.tasks_check k WHERE k.assignment_id = NEW.assignment_id AND k.state = 'open'
    AND k.until > public.coop_now() AND k.person_id IS DISTINCT FROM NEW.{by})"""
MEANWHILE = "A member is checking this answer; it is decided when they have, or their half hour is over."

# The money of a check moves with it: behind it when it is taken (3), to who checked (9), or back to the job (4).
COMMITMENT = "'job:' || a.job_id || ':commit:' || k.person_id"
MOVED = f"""
    IF EXISTS (
        SELECT FROM posted p
        JOIN public.payments_account d ON d.id = p.debit_id
        JOIN public.payments_account c ON c.id = p.credit_id
        LEFT JOIN public.tasks_check k ON k.id =
            CASE WHEN p.ref ~ '^check:[1-9][0-9]{{0,17}}$' THEN split_part(p.ref, ':', 2)::bigint END
        LEFT JOIN public.tasks_assignment a ON a.id = k.assignment_id
        WHERE (p.kind = 9 OR (p.kind IN (3, 4) AND p.ref LIKE 'check:%')) AND (
            p.amount = k.pay AND d.currency = 'USD' AND CASE p.kind
                WHEN 3 THEN k.state = 'open' AND d.code = 'job:' || a.job_id || ':escrow' AND c.code = {COMMITMENT}
                WHEN 4 THEN k.state = 'lapsed' AND d.code = {COMMITMENT} AND c.code = 'job:' || a.job_id || ':escrow'
                WHEN 9 THEN k.state = 'done' AND d.code = {COMMITMENT}
                    AND c.code = 'member:' || k.person_id || ':payable' END
        ) IS NOT TRUE
    ) THEN
        {guards.refuse("checks_are_paid_as_taken", "A check is paid once, to who checked, what it said when taken.")}
    END IF;
"""
LOOKED = "    IF EXISTS (SELECT FROM posted p WHERE p.kind = 28)"
PROMISED = changed(
    DISPUTES.PROMISED,
    ("WHERE p.kind IN (3, 4, 5, 6, 7, 10, 28, 29, 30) AND (",
     "WHERE p.kind IN (3, 4, 5, 6, 7, 10, 28, 29, 30) AND NOT (p.kind IN (3, 4) AND p.ref LIKE 'check:%') AND ("),
    (LOOKED, f"{MOVED}{LOOKED}"),
)  # fmt: skip

# At the end of the transaction, as the postings name the row.
FOLLOWED = f"""
CREATE FUNCTION public.guard_money_follows_the_check() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $guard$
BEGIN
    IF NOT EXISTS (SELECT FROM public.payments_transfer t WHERE t.ref = 'check:' || NEW.id AND t.amount = NEW.pay
        AND t.kind = CASE NEW.state WHEN 'open' THEN 3 WHEN 'done' THEN 9 ELSE 4 END)
    THEN
        {guards.refuse("money_follows_the_check", "No check is taken, done or given back without its money.")}
    END IF;
    RETURN NULL;
END $guard$;
CREATE CONSTRAINT TRIGGER money_follows_the_check AFTER INSERT OR UPDATE OF state ON public.tasks_check
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.guard_money_follows_the_check();
ALTER TABLE public.tasks_check ENABLE ALWAYS TRIGGER money_follows_the_check;

CREATE FUNCTION public.guard_checks_are_paid() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $guard$
BEGIN
    IF NOT EXISTS (
        SELECT FROM public.tasks_check k JOIN public.payments_transfer t ON t.ref = 'check:' || k.id AND t.kind = 9
        WHERE k.assignment_id = NEW.assignment_id AND k.state = 'done'
        AND k.person_id = (to_jsonb(NEW) ->> TG_ARGV[0])::bigint
    ) THEN
        {guards.refuse("checks_are_paid", "Checking an answer is paid work, in the same act (E6).")}
    END IF;
    RETURN NULL;
END $guard$;
CREATE CONSTRAINT TRIGGER checks_are_paid AFTER INSERT ON public.tasks_review
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.ground = 'peer')
    EXECUTE FUNCTION public.guard_checks_are_paid('reviewer_id');
ALTER TABLE public.tasks_review ENABLE ALWAYS TRIGGER checks_are_paid;
CREATE CONSTRAINT TRIGGER checks_are_paid AFTER INSERT ON public.tasks_dispute
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.looks_for = 'peer')
    EXECUTE FUNCTION public.guard_checks_are_paid('rejected_by_id');
ALTER TABLE public.tasks_dispute ENABLE ALWAYS TRIGGER checks_are_paid;
"""

FIGURES = """
CREATE OR REPLACE VIEW public.payments_checks_paid AS
SELECT j.work_type_id, k.person_id, k.pay, k.ended_at AS at
FROM public.tasks_check k JOIN public.tasks_assignment a ON a.id = k.assignment_id
JOIN public.tasks_job j ON j.id = a.job_id WHERE k.state = 'done';
"""
# Hours of checking are paid hours (R1, R2), each check for no longer than the answer itself is meant to take.
PAID_TIME = changed(
    DISPUTES.FIGURES.split("CREATE OR REPLACE VIEW public.payments_recent_units")[0],
    (
        "GROUP BY a.id, a.person_id, r.estimated_seconds\n",
        """GROUP BY a.id, a.person_id, r.estimated_seconds
    UNION ALL
    SELECT k.person_id, r.estimated_seconds,
        least(extract(epoch FROM k.ended_at - k.taken_at), r.estimated_seconds)::bigint
    FROM public.tasks_check k JOIN public.tasks_assignment a ON a.id = k.assignment_id
    JOIN public.payments_rate r ON r.id = a.rate_id WHERE k.state = 'done'
""",
    ),
)


class Migration(migrations.Migration):
    """Install what is promised."""

    dependencies: ClassVar = [("tasks", "0019_checks"), ("payments", "0024_checking")]
    operations: ClassVar = [
        *(migrations.RunSQL(sql) for sql in (WAGES, MOST, MAY_CHECK, PROMISED, FOLLOWED, FIGURES, PAID_TIME)),
        guards.Procedure(TAKEN, table="tasks_check", declare="work record;", body=TAKE, definer=True),
        guards.Procedure("checks_end_decided_or_by_time", table="tasks_check", on="UPDATE", body=ENDS, definer=True),
        guards.Frozen(
            "tasks_check",
            ["assignment_id", "person_id", "pay", "taken_at", "until"],
            name="check_terms_are_frozen",
            otherwise="What was shown when a check was taken does not change.",
        ),
        guards.Guard(
            "what_is_being_checked_waits",
            table="tasks_review",
            holds=WAITS.format(by="reviewer_id"),
            otherwise=MEANWHILE,
            definer=True,
        ),
        guards.Guard(
            "what_is_being_checked_is_not_rejected",
            table="tasks_dispute",
            holds=WAITS.format(by="rejected_by_id"),
            otherwise=MEANWHILE,
            definer=True,
        ),
        guards.NeverDeleted("tasks_check"),
        guards.Grant("tasks_check", "SELECT", "INSERT", "UPDATE (state, ended_at)"),
        guards.Allow("tasks_wages_needed(bigint, bigint)"),
        guards.Allow("tasks_checks_needed(bigint, bigint)"),
        guards.Allow("tasks_may_check(bigint, bigint)"),
    ]
