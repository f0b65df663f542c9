"""What is promised to whoever's answer is rejected: one by one, with a reason, in time, paid meanwhile, blind peers.

Rejections are few, peers are drawn by the database, what they find is read by nobody before the end, and money moves
only as they found.
"""

from importlib import import_module
from typing import ClassVar

from django.db import migrations

from coop.database import guards

WORK = import_module("tasks.migrations.0002_guards")
WAGES = import_module("tasks.migrations.0004_wages")
DISPUTED = "EXISTS (SELECT FROM public.tasks_dispute q WHERE q.assignment_id = {work}.id)"


def changed(text: str, *changes: tuple[str, str]) -> str:
    """Return what an earlier migration wrote with each first text replaced by the second; it must be there."""
    for old, new in changes:
        if old not in text:
            raise ValueError(old)
        text = text.replace(old, new)
    return text


# A rejected answer holds its slot while it is decided, and its slot may come back to the job.
LIVE = (WORK.LIVE, WORK.LIVE.replace(")", ", 'disputed')"))
AGAIN = (("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION"), ("CREATE TRIGGER", "CREATE OR REPLACE TRIGGER"))
OPEN_SLOTS = changed(WORK.OPEN_SLOTS, LIVE, *AGAIN)
MONEY_NEEDED = changed(
    WORK.MONEY_NEEDED, ("('claimed', 'submitted', 'sent_back')", "('claimed', 'submitted', 'sent_back', 'disputed')"),
    AGAIN[0],
)  # fmt: skip

STEPS = changed(
    WORK.STEPS,
    (
        "        ELSE false\n",
        f"""        WHEN 'submitted to disputed' THEN unmoved AND NEW.decided_at IS NULL
            AND {DISPUTED.format(work="OLD")}
        WHEN 'disputed to accepted' THEN ended AND EXISTS (SELECT FROM public.tasks_settlement s
            JOIN public.tasks_dispute q ON q.id = s.dispute_id WHERE q.assignment_id = OLD.id AND s.stands)
        WHEN 'disputed to rejected' THEN ended AND EXISTS (SELECT FROM public.tasks_settlement s
            JOIN public.tasks_dispute q ON q.id = s.dispute_id WHERE q.assignment_id = OLD.id AND NOT s.stands)
        ELSE false
""",
    ),
)

# What open disputes will still cost for looking at them: three looks each at most, at the voted rate.
DUE = """
CREATE FUNCTION public.tasks_looks_due() RETURNS bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $due$
    SELECT coalesce(sum(3 - found.looks), 0)::bigint * public.tasks_look_pays()
    FROM public.tasks_dispute q LEFT JOIN public.tasks_settlement s ON s.dispute_id = q.id
    CROSS JOIN LATERAL (
        SELECT count(*) AS looks FROM public.tasks_peer p JOIN public.tasks_finding f ON f.peer_id = p.id
        WHERE p.dispute_id = q.id
    ) found WHERE s.id IS NULL AND q.decide_by > public.coop_now()
$due$;
"""
# What one look pays, in micro-units: the latest voted rate of its kind of work; null where none was voted.
LOOK_PAYS = """
CREATE FUNCTION public.tasks_look_pays() RETURNS bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $pays$
    SELECT r.amount FROM public.payments_rate r JOIN public.payments_worktype w ON w.id = r.work_type_id
    WHERE w.slug = 'dispute' AND r.currency = 'USD' ORDER BY r.version DESC LIMIT 1
$pays$;
"""

SHORT = "The dispute fund pays a rejected answer at once, and keeps what those who look at it will be paid."
LOOKS = f"""
    IF EXISTS (SELECT FROM posted p WHERE p.kind = 28) AND (
        SELECT a.balance >= public.tasks_looks_due() FROM public.payments_account a
        WHERE a.code = 'fund:dispute' AND a.currency = 'USD'
    ) IS NOT TRUE THEN
        {guards.refuse("advances_leave_peers_their_pay", SHORT)}
    END IF;
    IF EXISTS (
        SELECT FROM posted p JOIN public.payments_account c ON c.id = p.credit_id
        LEFT JOIN public.tasks_finding f ON f.id =
            CASE WHEN p.ref ~ '^finding:[1-9][0-9]{{0,17}}$' THEN split_part(p.ref, ':', 2)::bigint END
        LEFT JOIN public.tasks_peer s ON s.id = f.peer_id
        WHERE p.kind = 31 AND (
            p.amount = f.pay AND c.currency = 'USD' AND c.code = 'member:' || s.person_id || ':payable'
        ) IS NOT TRUE
    ) THEN
        {guards.refuse("looks_are_paid_as_voted", "A look at a rejected answer is paid once, to who looked.")}
    END IF;
    RETURN NULL;
"""
COMMITMENT = "'job:' || a.job_id || ':commit:' || a.person_id"
PROMISED = changed(
    WAGES.PROMISED,
    ("p.kind IN (3, 4, 5, 6, 7, 10)", "p.kind IN (3, 4, 5, 6, 7, 10, 28, 29, 30)"),
    (
        "WHEN 5 THEN p.amount = a.pay AND a.state = 'accepted' AND NOT j.is_onboarding",
        f"""WHEN 5 THEN p.amount = a.pay AND a.state = 'accepted' AND NOT j.is_onboarding
                    AND NOT {DISPUTED.format(work="a")}
                WHEN 28 THEN p.amount = a.pay AND a.state = 'disputed'
                WHEN 29 THEN p.amount = a.pay AND a.state = 'accepted' AND {DISPUTED.format(work="a")}
                WHEN 30 THEN p.amount = a.pay + a.fee AND a.state = 'rejected'""",
    ),
    (
        f"AND CASE WHEN p.kind = 3 THEN c.code ELSE d.code END = {COMMITMENT}",
        f"""AND CASE p.kind WHEN 3 THEN c.code = {COMMITMENT}
                WHEN 28 THEN c.code = 'member:' || a.person_id || ':payable'
                ELSE d.code = {COMMITMENT} END""",
    ),
    ("    RETURN NULL;\nEND $guard$;\n-- After", f"{LOOKS}END $guard$;\n-- After"),
).partition("CREATE OR REPLACE FUNCTION public.guard_unclaimed")[0]

# Work never moves without its money, now also into a dispute and out of it.
FOLLOWED = f"""
CREATE OR REPLACE FUNCTION public.guard_money_follows_the_work() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $guard$
BEGIN
    IF (CASE NEW.state WHEN 'disputed' THEN NEW.pay ELSE NEW.pay + NEW.fee END) IS DISTINCT FROM (
        SELECT sum(t.amount) FROM public.payments_transfer t WHERE t.ref = 'assignment:' || NEW.id
        AND t.kind = ANY (CASE NEW.state WHEN 'claimed' THEN '{{3}}'::smallint[]
            WHEN 'accepted' THEN '{{5,6,7,10,29}}'::smallint[] WHEN 'disputed' THEN '{{28}}'::smallint[]
            WHEN 'rejected' THEN '{{30}}'::smallint[] ELSE '{{4}}'::smallint[] END)
        AND t.kind NOT IN (2, 18, 99)
    ) THEN
        {guards.refuse("money_follows_the_work", "No task is claimed, decided or given back without its money.")}
    END IF;
    RETURN NULL;
END $guard$;
DROP TRIGGER money_follows_the_work_to_its_end ON public.tasks_assignment;
CREATE CONSTRAINT TRIGGER money_follows_the_work_to_its_end AFTER UPDATE OF state ON public.tasks_assignment
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
    WHEN (NEW.state <> OLD.state
        AND NEW.state IN ('accepted', 'left', 'skipped', 'expired', 'disputed', 'rejected'))
    EXECUTE FUNCTION public.guard_money_follows_the_work();
ALTER TABLE public.tasks_assignment ENABLE ALWAYS TRIGGER money_follows_the_work_to_its_end;

-- At the end of the transaction, as the posting names the row.
CREATE FUNCTION public.guard_looks_are_paid() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $guard$
BEGIN
    IF NOT EXISTS (SELECT FROM public.payments_transfer t WHERE t.ref = 'finding:' || NEW.id AND t.kind = 31) THEN
        {guards.refuse("looks_are_paid", "Looking at a rejected answer is paid work, in the same act (E6).")}
    END IF;
    RETURN NULL;
END $guard$;
CREATE CONSTRAINT TRIGGER looks_are_paid AFTER INSERT ON public.tasks_finding
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.guard_looks_are_paid();
ALTER TABLE public.tasks_finding ENABLE ALWAYS TRIGGER looks_are_paid;
"""

# Paid hours and the hourly figure count what was paid, whoever bore it.
PAID_STATES = "('accepted', 'disputed', 'rejected')"
FIGURES = f"""
CREATE OR REPLACE VIEW public.governance_paid_time AS
SELECT t.person_id, sum(least(t.seconds, 3 * t.estimated_seconds))::numeric AS seconds
FROM (
    SELECT a.person_id, r.estimated_seconds, sum(w.seconds) AS seconds
    FROM public.tasks_assignment a JOIN public.tasks_answer w ON w.assignment_id = a.id
    JOIN public.payments_rate r ON r.id = a.rate_id
    WHERE a.state IN {PAID_STATES} GROUP BY a.id, a.person_id, r.estimated_seconds
) t GROUP BY t.person_id;

CREATE OR REPLACE VIEW public.payments_recent_units AS
SELECT j.work_type_id, a.person_id, count(DISTINCT a.id) AS units, sum(w.seconds)::numeric AS seconds,
    max(coalesce(a.decided_at, a.submitted_at)) AS last_at
FROM public.tasks_assignment a JOIN public.tasks_job j ON j.id = a.job_id
JOIN public.tasks_answer w ON w.assignment_id = a.id
WHERE a.state IN {PAID_STATES} AND coalesce(a.decided_at, a.submitted_at) > public.coop_now() - interval '28 days'
GROUP BY j.work_type_id, a.person_id;
"""

# Rejections

SAYS_WHY = r"""length(regexp_replace(NEW.reason, '\s', '', 'g')) >= 10 AND NEW.place ~ '\S'"""
IN_TIME = f"""
    SELECT a.person_id, a.task_id, a.state, a.submitted_at, a.accept_by, j.client_id, j.is_onboarding INTO work
    FROM public.tasks_assignment a JOIN public.tasks_job j ON j.id = a.job_id WHERE a.id = NEW.assignment_id;
    NEW.opened_at := public.coop_now();
    NEW.decide_by := NEW.opened_at + interval '72 hours';
    IF (work.state = 'submitted' AND NOT work.is_onboarding AND NEW.rejected_by_id <> work.person_id
        AND NEW.opened_at < work.accept_by AND NEW.opened_at < work.submitted_at + interval '7 days'
        AND public.tasks_look_pays() IS NOT NULL
        AND CASE NEW.looks_for
            WHEN 'client' THEN EXISTS (SELECT FROM public.people_clientseat s WHERE s.client_id = work.client_id
                AND s.person_id = NEW.rejected_by_id AND s.accepted_at IS NOT NULL AND s.ended_at IS NULL)
            WHEN 'peer' THEN public.tasks_is_member(NEW.rejected_by_id)
                AND NOT public.tasks_has_part(NEW.rejected_by_id, NEW.assignment_id)
            ELSE false END
    ) IS NOT TRUE THEN
        {
    guards.refuse(
        "rejections_are_made_in_time_by_others",
        "An answer is rejected by the client or a member without a part in it, within 7 days, before it is accepted.",
    )
}
    END IF;
    RETURN NEW;
"""
# The client's row is locked, so that two rejections at once are counted one after the other.
FEW = f"""
    {guards.in_the_present("rejections_stay_few")}
    SELECT j.id, j.client_id INTO job FROM public.tasks_assignment a JOIN public.tasks_job j ON j.id = a.job_id
        WHERE a.id = NEW.assignment_id;
    PERFORM FROM public.people_client c WHERE c.id = job.client_id FOR NO KEY UPDATE;
    IF 5 * (1 + (SELECT count(*) FROM public.tasks_dispute q JOIN public.tasks_assignment a ON a.id = q.assignment_id
            WHERE a.job_id = job.id))
        > greatest(5, (SELECT count(*) FROM public.tasks_assignment a
            WHERE a.job_id = job.id AND a.submitted_at IS NOT NULL))
    OR 10 <= (SELECT count(*) FROM public.tasks_dispute q JOIN public.tasks_assignment a ON a.id = q.assignment_id
        JOIN public.tasks_job j ON j.id = a.job_id
        WHERE j.client_id = job.client_id AND q.opened_at > public.coop_now() - interval '1 hour')
    THEN
        {
    guards.refuse(
        "rejections_stay_few",
        "Answers are rejected one by one: one in five of a job's at most, and ten an hour for a client.",
    )
}
    END IF;
    RETURN NEW;
"""

# Peers: members of the kind of work, without any part in it, in an order that a word decides which only the owner of
# the schema can read, and nobody chooses. The same dispute always has the same order.
PEERS = """
CREATE TABLE public.tasks_lotword (word text NOT NULL);
INSERT INTO public.tasks_lotword SELECT gen_random_uuid()::text || gen_random_uuid()::text;

CREATE FUNCTION public.tasks_is_member(person bigint) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $member$
    SELECT coalesce((SELECT s.status = 'member' FROM public.governance_standing s
        WHERE s.person_id = person ORDER BY s.id DESC LIMIT 1), false)
    AND NOT EXISTS (SELECT FROM public.governance_pause p WHERE p.person_id = person AND p.scope = 'work'
        AND public.coop_now() >= p.starts_at AND public.coop_now() < p.ends_at)
    AND NOT public.governance_bars(person, ARRAY['work'])
$member$;

CREATE FUNCTION public.tasks_has_part(person bigint, assignment bigint) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $part$
    SELECT EXISTS (SELECT FROM public.tasks_assignment o WHERE o.task_id = a.task_id AND o.person_id = person)
    OR EXISTS (SELECT FROM public.tasks_review r WHERE r.assignment_id = a.id AND r.reviewer_id = person)
    OR EXISTS (SELECT FROM public.tasks_dispute q WHERE q.assignment_id = a.id AND q.rejected_by_id = person)
    OR EXISTS (SELECT FROM public.people_clientseat s JOIN public.tasks_job j ON j.client_id = s.client_id
        WHERE j.id = a.job_id AND s.person_id = person)
    FROM public.tasks_assignment a WHERE a.id = assignment
$part$;

CREATE FUNCTION public.tasks_next_peer(dispute bigint) RETURNS bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $next$
    SELECT p.id FROM public.tasks_dispute q
    JOIN public.tasks_assignment a ON a.id = q.assignment_id
    JOIN public.tasks_job j ON j.id = a.job_id
    CROSS JOIN public.people_person p CROSS JOIN public.tasks_lotword lot
    WHERE q.id = dispute AND public.tasks_is_member(p.id) AND NOT public.tasks_has_part(p.id, a.id)
    AND EXISTS (SELECT FROM public.tasks_assignment o JOIN public.tasks_job k ON k.id = o.job_id
        WHERE o.person_id = p.id AND o.state = 'accepted' AND k.work_type_id = j.work_type_id
        AND o.decided_at > public.coop_now() - interval '90 days')
    AND NOT EXISTS (SELECT FROM public.tasks_peer s WHERE s.dispute_id = q.id AND s.person_id = p.id)
    ORDER BY sha256(convert_to(lot.word || ':' || q.assignment_id || ':' || p.id, 'UTF8')) LIMIT 1
$next$;

-- `open` and `split` go on; `stands` and `falls` are what two peers found; `lapsed` is decided for the member.
CREATE FUNCTION public.tasks_dispute_outcome(dispute bigint) RETURNS text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $outcome$
    SELECT CASE WHEN count(*) FILTER (WHERE f.stands) >= 2 THEN 'stands'
        WHEN count(*) FILTER (WHERE NOT f.stands) >= 2 THEN 'falls'
        WHEN public.coop_now() >= q.decide_by THEN 'lapsed'
        WHEN count(f.id) = 2 THEN 'split' ELSE 'open' END
    FROM public.tasks_dispute q LEFT JOIN public.tasks_peer p ON p.dispute_id = q.id
    LEFT JOIN public.tasks_finding f ON f.peer_id = p.id WHERE q.id = dispute GROUP BY q.id
$outcome$;

CREATE FUNCTION public.tasks_places_free(dispute bigint) RETURNS bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $free$
    SELECT CASE public.tasks_dispute_outcome(dispute) WHEN 'open' THEN 2 WHEN 'split' THEN 3 ELSE 0 END
        - (SELECT count(*) FROM public.tasks_peer p WHERE p.dispute_id = dispute AND (
            p.decide_by > public.coop_now() OR EXISTS (SELECT FROM public.tasks_finding f WHERE f.peer_id = p.id)))
$free$;

-- What was found is open to the site once the dispute is settled.
CREATE VIEW public.tasks_findings_shown AS
SELECT p.dispute_id, p.rank, p.person_id, f.stands, f.reason, f.found_at
FROM public.tasks_finding f JOIN public.tasks_peer p ON p.id = f.peer_id
JOIN public.tasks_settlement s ON s.dispute_id = p.dispute_id;
"""

ONE_AT_A_TIME = "PERFORM FROM public.tasks_dispute q WHERE q.id = {dispute} FOR NO KEY UPDATE;"
DRAWN = f"""
    {guards.in_the_present("peers_are_drawn_by_lot")}
    {ONE_AT_A_TIME.format(dispute="NEW.dispute_id")}
    IF NEW.person_id IS NOT NULL OR NEW.rank IS NOT NULL OR public.tasks_places_free(NEW.dispute_id) < 1 THEN
        {guards.refuse("peers_are_drawn_by_lot", "Two members decide, a third if they differ; the lot says who.")}
    END IF;
    NEW.person_id := public.tasks_next_peer(NEW.dispute_id);
    IF NEW.person_id IS NULL THEN
        {guards.refuse("peers_are_drawn_by_lot", "No member is left who knows this work and has no part in it.")}
    END IF;
    NEW.rank := 1 + (SELECT count(*) FROM public.tasks_peer p WHERE p.dispute_id = NEW.dispute_id);
    NEW.seated_at := public.coop_now();
    NEW.decide_by := least(NEW.seated_at + interval '24 hours',
        (SELECT q.decide_by FROM public.tasks_dispute q WHERE q.id = NEW.dispute_id));
    RETURN NEW;
"""
FOUND = f"""
    {guards.in_the_present("findings_are_made_in_turn")}
    SELECT p.dispute_id, p.decide_by INTO place FROM public.tasks_peer p WHERE p.id = NEW.peer_id;
    {ONE_AT_A_TIME.format(dispute="place.dispute_id")}
    NEW.found_at := public.coop_now();
    NEW.pay := public.tasks_look_pays();
    IF (NEW.found_at < place.decide_by AND NEW.pay IS NOT NULL
        AND public.tasks_dispute_outcome(place.dispute_id) IN ('open', 'split')) IS NOT TRUE
    THEN
        {guards.refuse("findings_are_made_in_turn", "Who was drawn says once what they find, within 24 hours.")}
    END IF;
    RETURN NEW;
"""
SETTLED = f"""
    {guards.in_the_present("disputes_end_as_peers_found")}
    {ONE_AT_A_TIME.format(dispute="NEW.dispute_id")}
    outcome := public.tasks_dispute_outcome(NEW.dispute_id);
    IF (outcome IN ('stands', 'falls', 'lapsed') AND NEW.stands IS NULL AND NEW.by_time IS NULL) IS NOT TRUE THEN
        {guards.refuse("disputes_end_as_peers_found", "Two members who agree end a dispute, or 72 hours do.")}
    END IF;
    NEW.stands := outcome <> 'falls';
    NEW.by_time := outcome = 'lapsed';
    NEW.settled_at := public.coop_now();
    RETURN NEW;
"""


class Migration(migrations.Migration):
    """Let answers be rejected, and promise how."""

    dependencies: ClassVar = [
        ("tasks", "0011_disputes"), ("payments", "0015_disputes"), ("governance", "0013_decisions_and_restrictions"),
    ]  # fmt: skip
    operations: ClassVar = [
        *(
            migrations.RunSQL(sql)
            for sql in (LOOK_PAYS, DUE, PEERS, OPEN_SLOTS, MONEY_NEEDED, PROMISED, FOLLOWED, FIGURES)
        ),
        guards.Procedure(
            "assignment_moves_forward",
            table="tasks_assignment",
            declare=WORK.STEPS_KNOWN,
            body=STEPS,
            on="UPDATE",
            definer=True,
        ),
        guards.Guard(
            "rejections_say_why_and_where",
            table="tasks_dispute",
            holds=SAYS_WHY,
            otherwise="A rejection gives a reason and the place in the answer that is wrong.",
        ),
        guards.Procedure(
            "rejections_are_made_in_time_by_others",
            table="tasks_dispute",
            declare="work record;",
            body=IN_TIME,
            definer=True,
        ),
        guards.Procedure("rejections_stay_few", table="tasks_dispute", declare="job record;", body=FEW, definer=True),
        guards.Procedure("peers_are_drawn_by_lot", table="tasks_peer", body=DRAWN, definer=True),
        guards.Procedure(
            "findings_are_made_in_turn", table="tasks_finding", declare="place record;", body=FOUND, definer=True
        ),
        guards.Procedure(
            "disputes_end_as_peers_found", table="tasks_settlement", declare="outcome text;", body=SETTLED, definer=True
        ),
        *(
            guards.AppendOnly(f"tasks_{table}", otherwise="A rejection and what was found stay as they were written.")
            for table in ("dispute", "peer", "finding", "settlement")
        ),
        guards.AppendOnly("tasks_lotword", otherwise="The word that the lot is made of stays."),
        guards.Grant("tasks_dispute", "SELECT", "INSERT"),
        guards.Grant("tasks_peer", "SELECT", "INSERT"),
        # Not what was found: see tasks_findings_shown.
        guards.Grant("tasks_finding", "SELECT (id, peer_id, pay, found_at)", "INSERT"),
        guards.Grant("tasks_settlement", "SELECT", "INSERT"),
        guards.Grant("tasks_findings_shown", "SELECT"),
        guards.Allow("tasks_look_pays()"),
        guards.Allow("tasks_looks_due()"),
        guards.Allow("tasks_dispute_outcome(bigint)"),
        guards.Allow("tasks_places_free(bigint)"),
    ]
