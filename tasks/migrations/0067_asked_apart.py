"""What is asked of every answer that is accepted is asked as one look-up, not as all that is asked of any answer."""

from typing import ClassVar

from django.db import migrations

from coop.database import guards

OTHERS = "reviews_are_made_by_others"
CHECKED = "An answer is checked by somebody else, by agreement, or by silence when its time has come."
# Each ground has a statement of its own: together they were set up, all of them, for every answer that was looked at.
OTHERS_BODY = f"""
    SELECT a.state, a.person_id, a.team_id, a.job_id, a.accept_by INTO answer
        FROM public.tasks_assignment a WHERE a.id = NEW.assignment_id;
    CASE NEW.ground
        WHEN 'peer' THEN
            allowed := NEW.reviewer_id <> answer.person_id
                AND NOT public.tasks_in_team(answer.team_id, NEW.reviewer_id);
        WHEN 'client' THEN
            allowed := NEW.reviewer_id <> answer.person_id
                AND NOT public.tasks_in_team(answer.team_id, NEW.reviewer_id)
                AND EXISTS (SELECT FROM public.tasks_job j JOIN public.people_clientseat s ON s.client_id = j.client_id
                    WHERE j.id = answer.job_id AND s.person_id = NEW.reviewer_id
                    AND s.accepted_at IS NOT NULL AND s.ended_at IS NULL);
        WHEN 'silence' THEN
            allowed := NEW.decision = 'accept' AND NEW.reviewer_id IS NULL AND answer.accept_by <= public.coop_now();
        WHEN 'majority' THEN
            allowed := NEW.decision = 'accept' AND NEW.reviewer_id IS NULL
                AND EXISTS (SELECT FROM public.tasks_job j
                    WHERE j.id = answer.job_id AND j.review_rule = 'majority' AND j.overlap > 1);
        WHEN 'gold' THEN
            allowed := NEW.decision = 'accept' AND NEW.reviewer_id IS NULL
                AND EXISTS (SELECT FROM public.tasks_job j WHERE j.id = answer.job_id AND j.review_rule = 'gold');
        ELSE
            allowed := false;
    END CASE;
    IF (answer.state = 'submitted' AND allowed
        AND (NEW.decision = 'accept' OR public.coop_now() < answer.accept_by)) IS NOT TRUE THEN
        {guards.refuse(OTHERS, CHECKED)}
    END IF;
    RETURN NEW;
"""
FORWARD = "assignment_moves_forward"
FORWARD_DECLARE = """
    unmoved CONSTANT boolean := ROW(NEW.expires_at, NEW.submitted_at, NEW.accept_by)
        IS NOT DISTINCT FROM ROW(OLD.expires_at, OLD.submitted_at, OLD.accept_by);
    ended CONSTANT boolean := unmoved AND isfinite(NEW.decided_at);
    moment timestamptz;
    allowed boolean;
"""
# Likewise each way that an answer goes.
FORWARD_BODY = f"""
    IF NEW.state = OLD.state AND unmoved AND NEW.decided_at IS NOT DISTINCT FROM OLD.decided_at THEN
        RETURN NEW;
    END IF;
    CASE OLD.state || ' to ' || NEW.state
        WHEN 'claimed to submitted', 'sent_back to submitted' THEN
            moment := public.coop_now();
            allowed := NEW.expires_at = OLD.expires_at AND NEW.decided_at IS NULL
                AND NEW.submitted_at < OLD.expires_at AND NEW.submitted_at >= OLD.claimed_at
                AND NEW.submitted_at BETWEEN moment - interval '1 hour' AND moment
                AND NEW.accept_by > NEW.submitted_at AND NEW.accept_by <= NEW.submitted_at + interval '7 days'
                AND EXISTS (SELECT FROM public.tasks_answer w
                    WHERE w.assignment_id = OLD.id AND w.at = NEW.submitted_at);
        WHEN 'claimed to left', 'claimed to skipped', 'sent_back to left', 'sent_back to skipped' THEN
            allowed := ended;
        WHEN 'claimed to expired', 'sent_back to expired' THEN
            allowed := ended AND public.coop_now() >= OLD.expires_at;
        WHEN 'submitted to sent_back' THEN
            allowed := NEW.decided_at IS NULL AND NEW.accept_by IS NULL AND NEW.submitted_at = OLD.submitted_at
                AND NEW.expires_at >= public.coop_now() + interval '23 hours'
                AND EXISTS (SELECT FROM public.tasks_review r
                    WHERE r.assignment_id = OLD.id AND r.decision = 'send_back');
        WHEN 'submitted to accepted' THEN
            allowed := ended AND EXISTS (SELECT FROM public.tasks_review r
                WHERE r.assignment_id = OLD.id AND r.decision = 'accept');
        WHEN 'submitted to disputed' THEN
            allowed := unmoved AND NEW.decided_at IS NULL
                AND EXISTS (SELECT FROM public.tasks_dispute q WHERE q.assignment_id = OLD.id);
        WHEN 'disputed to accepted' THEN
            allowed := ended AND EXISTS (SELECT FROM public.tasks_settlement s
                JOIN public.tasks_dispute q ON q.id = s.dispute_id WHERE q.assignment_id = OLD.id AND s.stands);
        WHEN 'disputed to rejected' THEN
            allowed := ended AND EXISTS (SELECT FROM public.tasks_settlement s
                JOIN public.tasks_dispute q ON q.id = s.dispute_id WHERE q.assignment_id = OLD.id AND NOT s.stands);
        ELSE
            -- More time was given, and nothing else changed.
            allowed := NEW.state = OLD.state AND ROW(NEW.submitted_at, NEW.accept_by, NEW.decided_at)
                    IS NOT DISTINCT FROM ROW(OLD.submitted_at, OLD.accept_by, OLD.decided_at)
                AND EXISTS (SELECT FROM public.tasks_extension e WHERE e.assignment_id = OLD.id
                    AND e.from_at = OLD.expires_at AND e.until = NEW.expires_at);
    END CASE;
    IF allowed IS NOT TRUE THEN
        {guards.refuse(FORWARD, "An assignment goes on as the rules say, and never back.")}
    END IF;
    RETURN NEW;
"""
MOVED = "FROM public.payments_transfer t WHERE t.ref = 'assignment:' || NEW.id"
WAGE = "public.tasks_due_to(c.code, a.team_id, a.person_id, a.pay)"
ALONE_OR_TEAM = f"""CASE WHEN a.team_id IS NOT NULL THEN {WAGE}
                        WHEN c.code = 'member:' || a.person_id || ':payable' THEN a.pay END"""

# Where a list is looked through for every transfer, those of acceptance come first: five of each six.
ACCEPTANCE = "".join(
    f"({kind},'job:commit'::text,'{credit}'::text,NULL::integer,NULL::integer), "
    for kind, credit in (
        (5, "member:payable"), (6, "coop:fee"), (7, "fund:training"), (7, "fund:care"), (7, "fund:floor"),
    )
)  # fmt: skip


class Migration(migrations.Migration):
    """Ask the same as before; only when and how often changes."""

    dependencies: ClassVar = [
        ("tasks", "0066_prices"),
        ("payments", "0061_balances_in_one_statement"),
        ("record", "0007_asked_of_its_kind"),
    ]
    operations: ClassVar = [
        guards.Procedure(
            OTHERS, table="tasks_review", definer=True, declare="answer record; allowed boolean;", body=OTHERS_BODY
        ),
        guards.Procedure(
            FORWARD, table="tasks_assignment", on="UPDATE", definer=True, declare=FORWARD_DECLARE, body=FORWARD_BODY
        ),
        # With kinds in the condition every plan looked dearer than one for the kinds at hand, and each was made anew.
        guards.Edited(
            "guard_money_follows_the_work",
            (
                f"SELECT sum(t.amount) {MOVED}\n        AND t.kind = ANY (CASE",
                "SELECT sum(t.amount) FILTER (WHERE t.kind = ANY (CASE",
            ),
            (
                "ELSE '{4}'::smallint[] END)\n",
                f"ELSE '{{4}}'::smallint[] END))\n        {MOVED}\n",
            ),
        ),
        # Whoever answered alone is looked up by nobody.
        guards.Edited(
            "guard_wage_is_what_was_promised",
            (f"WHEN 5 THEN p.amount = {WAGE}", f"WHEN 5 THEN p.amount = {ALONE_OR_TEAM}"),
        ),
        guards.Edited("payments_postings", (ACCEPTANCE, ""), (" VALUES ", f" VALUES {ACCEPTANCE}")),
        migrations.RunSQL(f"ALTER FUNCTION public.guard_wage_is_what_was_promised() {guards.BY_INDEX}"),
    ]
