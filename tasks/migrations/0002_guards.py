"""What the work promises: pay as voted and as shown, one answer to a slot, nothing paid twice, nothing taken back."""

from django.db import migrations

from coop.database import guards

LIVE = "('claimed', 'submitted', 'sent_back', 'accepted')"

# What a job's escrow must hold, in micro-units: the open slots at a given pay and the fee on it, and for claims made
# at a lower pay the difference, as their slots may come back.
MONEY_NEEDED = """
CREATE FUNCTION public.tasks_money_needed(job bigint, pay bigint) RETURNS bigint
LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $needed$
    SELECT CASE WHEN (SELECT is_onboarding FROM public.tasks_job WHERE id = job) THEN 0 ELSE (
        SELECT coalesce((SELECT sum(t.open_slots) FROM public.tasks_task t
                WHERE t.job_id = job AND t.open_slots > 0), 0)::bigint * slot.price
            + coalesce((SELECT sum(slot.price - a.pay - a.fee) FROM public.tasks_assignment a
                WHERE a.job_id = job AND a.state IN ('claimed', 'submitted', 'sent_back')
                AND a.pay + a.fee < slot.price), 0)::bigint
        FROM (SELECT pay + pay * f.on_wage / 10000 AS price
            FROM public.payments_fee f ORDER BY f.version DESC LIMIT 1) slot
    ) END
$needed$;

CREATE FUNCTION public.tasks_set_aside(job bigint) RETURNS bigint
LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $aside$
    SELECT coalesce((SELECT balance FROM public.payments_account
        WHERE code = 'job:' || job || ':escrow' AND currency = 'USD'), 0)
$aside$;
"""

# Slots are counted by the database as assignments come and go; nobody else writes the number.
OPEN_SLOTS = f"""
CREATE FUNCTION public.tasks_count_open_slots() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $count$
DECLARE
    held boolean := false;
BEGIN
    IF TG_OP = 'UPDATE' THEN
        held := OLD.state IN {LIVE};
    END IF;
    IF held <> (NEW.state IN {LIVE}) THEN
        UPDATE public.tasks_task SET open_slots = open_slots + CASE WHEN held THEN 1 ELSE -1 END
            WHERE id = NEW.task_id;
    END IF;
    RETURN NULL;
END $count$;
CREATE TRIGGER slots_are_counted AFTER INSERT OR UPDATE OF state ON public.tasks_assignment
    FOR EACH ROW EXECUTE FUNCTION public.tasks_count_open_slots();
ALTER TABLE public.tasks_assignment ENABLE ALWAYS TRIGGER slots_are_counted;
"""

VOTED_RATE = "A task is claimed at the job's pay, at least the voted rate, with the fee voted on, and the card shown."
CLAIM = f"""
    SELECT * INTO job FROM public.tasks_job WHERE id = NEW.job_id;
    SELECT * INTO rate FROM public.payments_rate WHERE work_type_id = job.work_type_id ORDER BY version DESC LIMIT 1;
    SELECT * INTO fee FROM public.payments_fee ORDER BY version DESC LIMIT 1;
    SELECT body::jsonb INTO card FROM public.tasks_ratecard WHERE digest = NEW.card_id;
    IF (
        -- An older view of the data would still show the rate before a raise.
        {guards.PRESENT}
        AND job.opened_at <= moment AND job.closed_at IS NULL
        AND NEW.pay = job.pay AND NEW.pay >= rate.amount AND NEW.rate_id = rate.id AND NEW.fee_version_id = fee.id
        AND NEW.fee = CASE WHEN job.is_onboarding THEN 0 ELSE NEW.pay * fee.on_wage / 10000 END
        AND card ->> 'job' = NEW.job_id::text AND (card ->> 'pay')::numeric * 1000000 = NEW.pay
        AND card ->> 'rate' = NEW.rate_id::text
        AND EXISTS (SELECT FROM public.tasks_task t WHERE t.id = NEW.task_id AND t.job_id = NEW.job_id)
        AND NEW.slot BETWEEN 1 AND job.overlap
        AND NEW.state = 'claimed' AND NEW.submitted_at IS NULL AND NEW.accept_by IS NULL AND NEW.decided_at IS NULL
        AND NEW.claimed_at BETWEEN moment - interval '1 hour' AND moment
        AND NEW.expires_at = NEW.claimed_at + job.time_limit
    ) IS NOT TRUE THEN
        {guards.refuse("assignment_is_claimed_at_the_voted_rate", VOTED_RATE)}
    END IF;
    RETURN NEW;
"""

# Said once, asked by the page before it claims and by the guard when it does.
MAY_WORK = """
CREATE FUNCTION public.tasks_may_work(person bigint, job bigint) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $may$
    SELECT CASE WHEN coalesce(s.status, 'applicant') IN ('left', 'expelled') THEN false
        WHEN coalesce(s.status, 'applicant') = 'applicant' THEN j.is_onboarding ELSE true END
    AND NOT EXISTS (
        SELECT FROM public.governance_pause p WHERE p.person_id = person AND p.scope IN ('work', 'job:' || job)
        AND public.coop_now() >= p.starts_at AND public.coop_now() < p.ends_at
    ) AND (j.is_onboarding OR NOT EXISTS (
        SELECT FROM public.people_clientseat c
        WHERE c.client_id = j.client_id AND c.person_id = person AND c.accepted_at IS NOT NULL AND c.ended_at IS NULL
    ))
    FROM public.tasks_job j LEFT JOIN LATERAL (
        SELECT status FROM public.governance_standing WHERE person_id = person ORDER BY id DESC LIMIT 1
    ) s ON true WHERE j.id = job
$may$;
"""

STEPS = f"""
    IF NEW.state = OLD.state AND unmoved AND NEW.decided_at IS NOT DISTINCT FROM OLD.decided_at THEN
        RETURN NEW;
    END IF;
    IF (CASE OLD.state || ' to ' || NEW.state
        WHEN 'claimed to submitted' THEN handed_in
        WHEN 'sent_back to submitted' THEN handed_in
        WHEN 'claimed to left' THEN ended
        WHEN 'claimed to skipped' THEN ended
        WHEN 'sent_back to left' THEN ended
        WHEN 'sent_back to skipped' THEN ended
        WHEN 'claimed to expired' THEN ended AND moment >= OLD.expires_at
        WHEN 'sent_back to expired' THEN ended AND moment >= OLD.expires_at
        WHEN 'submitted to sent_back' THEN NEW.decided_at IS NULL AND NEW.accept_by IS NULL
            AND NEW.submitted_at = OLD.submitted_at AND NEW.expires_at >= moment + interval '23 hours'
            AND EXISTS (SELECT FROM public.tasks_review r WHERE r.assignment_id = OLD.id AND r.decision = 'send_back')
        WHEN 'submitted to accepted' THEN unmoved AND isfinite(NEW.decided_at)
            AND EXISTS (SELECT FROM public.tasks_review r WHERE r.assignment_id = OLD.id AND r.decision = 'accept')
        ELSE false
    END) IS NOT TRUE THEN
        {guards.refuse("assignment_moves_forward", "An assignment goes on as the rules say, and never back.")}
    END IF;
    RETURN NEW;
"""
# The conditions that several steps share, computed once.
STEPS_KNOWN = """
    moment CONSTANT timestamptz := public.coop_now();
    unmoved CONSTANT boolean := ROW(NEW.expires_at, NEW.submitted_at, NEW.accept_by)
        IS NOT DISTINCT FROM ROW(OLD.expires_at, OLD.submitted_at, OLD.accept_by);
    ended CONSTANT boolean := unmoved AND isfinite(NEW.decided_at);
    handed_in CONSTANT boolean := NEW.expires_at = OLD.expires_at AND NEW.decided_at IS NULL
        AND NEW.submitted_at < OLD.expires_at AND NEW.submitted_at >= OLD.claimed_at
        AND NEW.submitted_at BETWEEN moment - interval '1 hour' AND moment
        AND NEW.accept_by > NEW.submitted_at AND NEW.accept_by <= NEW.submitted_at + interval '7 days'
        AND EXISTS (SELECT FROM public.tasks_answer w WHERE w.assignment_id = OLD.id AND w.at = NEW.submitted_at);
"""

ANSWER = """(
    SELECT a.state IN ('claimed', 'sent_back') AND NEW.at < a.expires_at AND isfinite(NEW.at)
        AND NEW.seconds BETWEEN 0 AND extract(epoch FROM j.time_limit)
        AND NEW.number = 1 + (SELECT count(*) FROM public.tasks_answer w WHERE w.assignment_id = a.id)
    FROM public.tasks_assignment a JOIN public.tasks_job j ON j.id = a.job_id WHERE a.id = NEW.assignment_id
)"""

REVIEW = """(
    SELECT a.state = 'submitted' AND CASE NEW.ground
        WHEN 'peer' THEN NEW.reviewer_id <> a.person_id
        WHEN 'client' THEN NEW.reviewer_id <> a.person_id AND EXISTS (SELECT FROM public.people_clientseat s
            WHERE s.client_id = j.client_id AND s.person_id = NEW.reviewer_id
            AND s.accepted_at IS NOT NULL AND s.ended_at IS NULL)
        WHEN 'silence' THEN NEW.decision = 'accept' AND NEW.reviewer_id IS NULL AND a.accept_by <= public.coop_now()
        WHEN 'majority' THEN NEW.decision = 'accept' AND NEW.reviewer_id IS NULL
            AND j.review_rule = 'majority' AND j.overlap > 1
        WHEN 'gold' THEN NEW.decision = 'accept' AND NEW.reviewer_id IS NULL AND j.review_rule = 'gold'
        ELSE false END
        AND (NEW.decision = 'accept' OR public.coop_now() < a.accept_by)
    FROM public.tasks_assignment a JOIN public.tasks_job j ON j.id = a.job_id WHERE a.id = NEW.assignment_id
)"""

# A job that is open has at its back the voted rate, at least one task, and all the money for its open slots.
OPENING = f"""
    IF TG_OP = 'INSERT' THEN
        held := NEW.opened_at IS NULL AND NEW.closed_at IS NULL AND isfinite(NEW.drafted_at);
    ELSIF NEW.closed_at IS NOT NULL THEN
        held := isfinite(NEW.closed_at) AND coalesce(isfinite(NEW.opened_at), true);
    ELSIF NEW.opened_at IS NULL OR (NEW.opened_at = OLD.opened_at AND NEW.pay <= OLD.pay) THEN
        held := true;
    ELSE
        {guards.in_the_present("job_opens_with_money")}
        held := NEW.opened_at <= public.coop_now() AND isfinite(NEW.opened_at)
            AND NEW.pay >= (SELECT r.amount FROM public.payments_rate r WHERE r.work_type_id = NEW.work_type_id
                ORDER BY r.version DESC LIMIT 1)
            AND EXISTS (SELECT FROM public.tasks_task t WHERE t.job_id = NEW.id)
            AND public.tasks_set_aside(NEW.id) >= public.tasks_money_needed(NEW.id, NEW.pay);
    END IF;
    IF held IS NOT TRUE THEN
        {guards.refuse("job_opens_with_money", "A job opens at the voted rate or more, with all its money set aside.")}
    END IF;
    RETURN NEW;
"""

TERMS = [
    "client_id",
    "work_type_id",
    "title",
    "guide",
    "form",
    "overlap",
    "review_rule",
    "review_days",
    "time_limit",
    "sensitivity",
    "is_onboarding",
    "pass_mark",
    "opened_at",
]
OPEN_TERMS = " AND ".join(f"NEW.{term} IS NOT DISTINCT FROM OLD.{term}" for term in TERMS)

# As a statement, so that a data set of 100,000 tasks is one look.
ARRIVALS = f"""
CREATE FUNCTION public.guard_tasks_arrive_whole() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $guard$
BEGIN
    {guards.in_the_present("tasks_arrive_whole")}
    IF EXISTS (
        SELECT FROM (
            SELECT job_id, min(open_slots) AS fewest, max(open_slots) AS most, count(gold) AS known
            FROM arrived GROUP BY job_id
        ) a JOIN public.tasks_job j ON j.id = a.job_id
        WHERE (
            a.fewest = j.overlap AND a.most = j.overlap AND j.closed_at IS NULL
            AND (a.known = 0 OR j.review_rule = 'gold')
            AND (j.opened_at IS NULL
                OR public.tasks_set_aside(j.id) >= public.tasks_money_needed(j.id, j.pay))
        ) IS NOT TRUE
    ) THEN
        {guards.refuse("tasks_arrive_whole", "Tasks arrive with all slots open, and in an open job with their money.")}
    END IF;
    RETURN NULL;
END $guard$;
CREATE TRIGGER tasks_arrive_whole AFTER INSERT ON public.tasks_task
    REFERENCING NEW TABLE AS arrived FOR EACH STATEMENT EXECUTE FUNCTION public.guard_tasks_arrive_whole();
ALTER TABLE public.tasks_task ENABLE ALWAYS TRIGGER tasks_arrive_whole;
"""


class Migration(migrations.Migration):
    """Install the guards of the work, and open to the site what it may read, add and move on."""

    dependencies = [
        ("tasks", "0001_initial"),
        ("coop", "0001_initial"),
        ("governance", "0002_guards"),
        ("payments", "0002_guards"),
    ]
    operations = [
        *(migrations.RunSQL(sql) for sql in (MONEY_NEEDED, MAY_WORK, OPEN_SLOTS, ARRIVALS)),
        guards.Allow("tasks_money_needed(bigint, bigint)"),
        guards.Allow("tasks_set_aside(bigint)"),
        guards.Allow("tasks_may_work(bigint, bigint)"),
        # Jobs
        guards.Procedure(
            "job_opens_with_money",
            table="tasks_job",
            declare="held boolean;",
            body=OPENING,
            on="INSERT OR UPDATE",
            definer=True,
        ),
        guards.Guard(
            "job_pay_never_falls",
            table="tasks_job",
            on="UPDATE",
            holds="OLD.opened_at IS NULL OR NEW.pay >= OLD.pay",
            otherwise="The pay of an open job may rise and never falls.",
        ),
        guards.Guard(
            "job_terms_are_frozen",
            table="tasks_job",
            on="UPDATE",
            holds=f"OLD.opened_at IS NULL OR ({OPEN_TERMS})",
            otherwise="What an open job asks and promises does not change; other work is a new job.",
        ),
        guards.Guard(
            "job_stays_closed",
            table="tasks_job",
            on="UPDATE",
            holds="OLD.closed_at IS NULL OR NEW.closed_at = OLD.closed_at",
            otherwise="A closed job stays closed.",
        ),
        guards.Guard(
            "onboarding_is_the_cooperatives_own",
            table="tasks_job",
            on="INSERT OR UPDATE",
            holds="""NOT NEW.is_onboarding OR (NEW.review_rule = 'gold'
                AND EXISTS (SELECT FROM public.people_client c WHERE c.id = NEW.client_id AND c.is_cooperative))""",
            otherwise="Only the cooperative's own onboarding is paid from the training fund.",
            definer=True,
        ),
        guards.NeverDeleted("tasks_job"),
        guards.Grant(
            "tasks_job",
            "SELECT",
            "INSERT",
            "UPDATE (work_type_id, title, guide, form, overlap, pay, review_rule, review_days, time_limit, sensitivity,"
            " pass_mark, opened_at, closed_at)",
        ),
        guards.Grant("tasks_upload", "SELECT", "INSERT", "UPDATE (finished_at, rows, problems, problem_count)"),
        guards.NeverDeleted("tasks_upload"),
        # Tasks
        guards.Guard(
            "open_slots_follow_assignments",
            table="tasks_task",
            on="UPDATE",
            holds="""current_user <> 'workhall_web' AND to_jsonb(NEW) - 'open_slots' = to_jsonb(OLD) - 'open_slots'""",
            otherwise="Open slots are counted by the database; the rest of a task never changes.",
        ),
        guards.NeverDeleted("tasks_task"),
        # The right to update is what locking a task for a claim asks for; the guard above lets nobody use it.
        guards.Grant("tasks_task", "SELECT", "INSERT", "UPDATE (open_slots)"),
        # Rate cards
        guards.Guard(
            "card_is_named_by_its_words",
            table="tasks_ratecard",
            holds="""NEW.digest = encode(sha256(convert_to(NEW.body, 'UTF8')), 'hex')
                AND NEW.body IS JSON OBJECT WITH UNIQUE KEYS""",
            otherwise="A rate card's name is the SHA-256 of its words.",
        ),
        guards.AppendOnly("tasks_ratecard", otherwise="A rate card is kept as it was shown."),
        guards.Grant("tasks_ratecard", "SELECT", "INSERT"),
        # Assignments
        guards.Procedure(
            "assignment_is_claimed_at_the_voted_rate",
            table="tasks_assignment",
            declare="job record; rate record; fee record; card jsonb; moment timestamptz := public.coop_now();",
            body=CLAIM,
            definer=True,
        ),
        guards.Guard(
            "work_is_for_people_in_good_standing",
            table="tasks_assignment",
            holds="public.tasks_may_work(NEW.person_id, NEW.job_id)",
            otherwise="Members and candidates work, applicants onboard; a pause ends by itself.",
            definer=True,
        ),
        guards.Frozen(
            "tasks_assignment",
            [
                "task_id",
                "job_id",
                "person_id",
                "slot",
                "rate_id",
                "fee_version_id",
                "card_id",
                "pay",
                "fee",
                "claimed_at",
            ],
            name="assignment_terms_are_frozen",
            otherwise="What was accepted with a task does not change (E1, E2).",
        ),
        guards.Procedure(
            "assignment_moves_forward",
            table="tasks_assignment",
            declare=STEPS_KNOWN,
            body=STEPS,
            on="UPDATE",
            definer=True,
        ),
        guards.NeverDeleted("tasks_assignment"),
        guards.Grant(
            "tasks_assignment",
            "SELECT",
            "INSERT",
            "UPDATE (state, expires_at, submitted_at, accept_by, decided_at)",
        ),
        guards.Grant("tasks_draft", "SELECT", "INSERT", "UPDATE (value, saved_at)", "DELETE"),
        # Answers, reviews, reports
        guards.Guard(
            "answers_belong_to_open_assignments",
            table="tasks_answer",
            holds=ANSWER,
            otherwise="An answer is for an open assignment, before its time runs out, and took no longer than allowed.",
            definer=True,
        ),
        guards.AppendOnly("tasks_answer", otherwise="What was handed in is never changed; a redo is a new answer."),
        guards.Grant("tasks_answer", "SELECT", "INSERT"),
        guards.Guard(
            "reviews_are_made_by_others",
            table="tasks_review",
            holds=REVIEW,
            otherwise="An answer is checked by somebody else, by agreement, or by silence when its time has come.",
            definer=True,
        ),
        guards.AppendOnly("tasks_review", otherwise="A review is never changed."),
        guards.Grant("tasks_review", "SELECT", "INSERT"),
        guards.AppendOnly("tasks_report", otherwise="A report is kept as it was written."),
        guards.Grant("tasks_report", "SELECT", "INSERT"),
    ]
