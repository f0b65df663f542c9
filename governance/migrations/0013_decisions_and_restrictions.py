"""Promises about a fair hearing, second half: the decision, the ladder, what it bars, the appeal, leaving."""

from typing import ClassVar

from django.db import migrations

from coop.database import guards

LADDER = """
CREATE FUNCTION public.governance_step(measure text) RETURNS integer LANGUAGE sql IMMUTABLE
BEGIN ATOMIC
    SELECT array_position(ARRAY['nothing', 'advice', 'retraining', 'limit', 'pause', 'expulsion'], measure);
END;
-- How many of a panel must agree: more than half; four of five for an expulsion and where retaliation is presumed.
CREATE FUNCTION public.governance_needed(size integer, measure text, presumed boolean) RETURNS integer
LANGUAGE sql IMMUTABLE
BEGIN ATOMIC
    SELECT CASE WHEN measure = 'expulsion' OR (presumed AND measure <> 'nothing') THEN (size * 4 + 4) / 5
        ELSE size / 2 + 1 END;
END;
-- What was decided and stands: not appealed, or decided on the appeal.
CREATE FUNCTION public.governance_stands(decision bigint) RETURNS boolean LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT NOT EXISTS (SELECT FROM public.governance_appeal a WHERE a.decision_id = decision);
END;
"""

# The void rule (7.8): nothing but a restriction whose decision stands, and only in its time. Default: allowed.
BARS = """
CREATE FUNCTION public.governance_bars(who bigint, scopes text[]) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $bars$
    SELECT EXISTS (
        SELECT FROM public.governance_restriction r WHERE r.person_id = who AND r.scope = ANY (scopes)
            AND public.coop_now() >= r.starts_at AND public.coop_now() < r.ends_at
            AND public.governance_stands(r.decision_id)
    );
$bars$;
"""

MOVING = f"""
    {guards.in_the_present("motion_is_written_by_the_panel")}
    SELECT * INTO panel FROM public.governance_panel p WHERE p.id = NEW.panel_id FOR NO KEY UPDATE;
    SELECT * INTO file FROM public.governance_case c WHERE c.id = panel.case_id;
    NEW.moved_at := public.coop_now();
    IF (
        EXISTS (SELECT FROM public.governance_sitting(panel.id) s WHERE s.id = NEW.seat_id)
        AND panel.size = (SELECT count(*) FROM public.governance_sitting(panel.id))
        AND NEW.moved_at < panel.decide_by
        AND NOT EXISTS (SELECT FROM public.governance_decision d WHERE d.panel_id = panel.id)
    ) IS NOT TRUE THEN
        {guards.refuse("motion_is_written_by_the_panel", "A full panel decides, in its time, and nobody for it.")}
    END IF;
    IF (file.kind <> 'charge' OR panel.stage <> 'first' OR NEW.moved_at > public.governance_reply_by(file) OR EXISTS (
        SELECT FROM public.governance_statement s WHERE s.case_id = file.id AND s.kind = 'reply'
    )) IS NOT TRUE THEN
        {guards.refuse("member_is_heard_first", "Nothing is decided before the member answered or could have.")}
    END IF;
    IF panel.stage = 'appeal' THEN
        SELECT m.* INTO before FROM public.governance_decision d JOIN public.governance_motion m ON m.id = d.motion_id
        JOIN public.governance_panel p ON p.id = d.panel_id WHERE d.case_id = file.id AND p.stage = 'first';
    END IF;
    IF (CASE
        WHEN panel.stage = 'emergency' THEN NEW.measure IN ('nothing', 'unfounded')
            OR (NEW.measure = 'prolong' AND NEW.scope = file.scope)
        WHEN file.kind = 'equivalent' THEN NEW.measure IN ('nothing', 'repair')
        WHEN panel.stage = 'appeal' THEN public.governance_step(NEW.measure) < public.governance_step(before.measure)
            OR (NEW.measure = before.measure AND NEW.scope = before.scope AND NEW.days <= before.days)
        -- No more than was charged: the member answered that and nothing else.
        ELSE public.governance_step(NEW.measure) < public.governance_step(file.measure)
            OR (NEW.measure = file.measure AND NEW.scope = file.scope AND NEW.days <= file.days)
    END) IS NOT TRUE THEN
        {guards.refuse("decision_goes_no_further", "No panel decides more than was charged or decided before.")}
    END IF;
    RETURN NEW;
"""

CITING = """EXISTS (
    SELECT FROM public.governance_motion m
    JOIN public.governance_panel p ON p.id = m.panel_id
    JOIN public.governance_evidence e ON e.id = NEW.evidence_id AND e.case_id = p.case_id
    WHERE m.id = NEW.motion_id AND e.citable
        AND NOT EXISTS (SELECT FROM public.governance_panelvote v WHERE v.motion_id = m.id)
)"""

VOTING = f"""
    {guards.in_the_present("panel_vote_is_a_seats_own")}
    SELECT * INTO motion FROM public.governance_motion m WHERE m.id = NEW.motion_id;
    SELECT * INTO panel FROM public.governance_panel p WHERE p.id = motion.panel_id FOR NO KEY UPDATE;
    NEW.voted_at := public.coop_now();
    IF (
        EXISTS (SELECT FROM public.governance_sitting(panel.id) s WHERE s.id = NEW.seat_id
            AND public.governance_status(s.person_id) = 'member')
        AND NEW.voted_at < panel.decide_by
        AND NOT EXISTS (SELECT FROM public.governance_decision d WHERE d.panel_id = panel.id)
    ) IS NOT TRUE THEN
        {guards.refuse("panel_vote_is_a_seats_own", "Only those who sit on a panel vote in it.")}
    END IF;
    RETURN NEW;
"""

DECIDING = f"""
    {guards.in_the_present("decision_is_the_panels")}
    SELECT * INTO panel FROM public.governance_panel p WHERE p.id = NEW.panel_id FOR NO KEY UPDATE;
    SELECT * INTO file FROM public.governance_case c WHERE c.id = panel.case_id;
    SELECT * INTO motion FROM public.governance_motion m WHERE m.id = NEW.motion_id AND m.panel_id = panel.id;
    NEW.decided_at := public.coop_now();
    SELECT count(*) INTO NEW.agreed FROM public.governance_panelvote v
        JOIN public.governance_sitting(panel.id) s ON s.id = v.seat_id WHERE v.motion_id = motion.id AND v.agrees;
    IF (
        NEW.case_id = panel.case_id AND motion.id IS NOT NULL
        AND panel.size = (SELECT count(*) FROM public.governance_sitting(panel.id))
        AND NEW.agreed >= public.governance_needed(panel.size, motion.measure, file.presumed)
    ) IS NOT TRUE THEN
        {guards.refuse("decision_is_the_panels", "A decision is what enough of a full panel drawn by lot agreed to.")}
    END IF;
    IF (NEW.decided_at < panel.decide_by) IS NOT TRUE THEN
        {guards.refuse("decision_comes_in_time", "Not decided in time: the case is void for good.")}
    END IF;
    IF motion.measure = 'nothing' OR file.kind <> 'charge' THEN
        RETURN NEW;
    END IF;
    IF public.governance_status(file.person_id) NOT IN ('candidate', 'member') THEN
        {guards.refuse("nobody_is_punished_after_leaving", "Whoever has left is subject to no measure.")}
    END IF;
    IF NOT EXISTS (SELECT FROM public.governance_citation c WHERE c.motion_id = motion.id) THEN
        {guards.refuse("decision_rests_on_the_file", "A measure rests on evidence that was shown in time.")}
    END IF;
    IF file.presumed AND motion.rebuttal !~ '\\S.{{18,}}\\S' THEN
        {guards.refuse("presumption_is_rebutted", "So soon after a protected act: say why it is no retaliation.")}
    END IF;
    IF file.ground NOT IN ('data_taken', 'payment_fraud', 'violence', 'legal_order')
        AND public.governance_step(motion.measure) > 2 AND NOT EXISTS (
            SELECT FROM public.governance_decision d
            JOIN public.governance_motion m ON m.id = d.motion_id
            JOIN public.governance_case c ON c.id = d.case_id
            WHERE c.person_id = file.person_id AND c.id <> file.id AND c.kind = 'charge'
                AND public.governance_stands(d.id)
                AND public.governance_step(m.measure) >= public.governance_step(motion.measure) - 1
        )
    THEN
        {guards.refuse("ladder_is_climbed_step_by_step", "Each step of the ladder follows one before it that stands.")}
    END IF;
    RETURN NEW;
"""

RESTRICTING = f"""
    {guards.in_the_present("restriction_follows_a_decision")}
    SELECT * INTO decision FROM public.governance_decision d WHERE d.id = NEW.decision_id;
    SELECT * INTO motion FROM public.governance_motion m WHERE m.id = decision.motion_id;
    SELECT * INTO file FROM public.governance_case c WHERE c.id = decision.case_id;
    IF (motion.measure IN ('limit', 'pause', 'prolong')) IS NOT TRUE THEN
        {guards.refuse("restriction_follows_a_decision", "Only a panel's decision restricts anybody.")}
    END IF;
    NEW.person_id := file.person_id;
    NEW.scope := motion.scope;
    SELECT p.stage, a.appealed_at, r.starts_at INTO stage, appealed, began FROM public.governance_panel p
        LEFT JOIN public.governance_decision f ON f.case_id = file.id AND f.id <> decision.id
        LEFT JOIN public.governance_appeal a ON a.decision_id = f.id
        LEFT JOIN public.governance_restriction r ON r.decision_id = f.id
        WHERE p.id = decision.panel_id;
    -- A first decision waits a week, so that it can be appealed before it has any effect.
    NEW.starts_at := decision.decided_at + CASE stage WHEN 'first' THEN interval '168 hours' ELSE interval '0' END;
    NEW.ends_at := NEW.starts_at + make_interval(hours => 24 * motion.days);
    IF stage = 'appeal' AND appealed > began THEN
        NEW.ends_at := NEW.ends_at - (appealed - began);
    ELSIF stage = 'emergency' THEN
        SELECT least(NEW.ends_at, p.starts_at + interval '336 hours') INTO NEW.ends_at
        FROM public.governance_pause p WHERE p.id = file.pause_id;
    END IF;
    RETURN NEW;
"""

APPEALING = f"""
    {guards.in_the_present("appeal_is_the_members_for_90_days")}
    NEW.appealed_at := public.coop_now();
    IF NOT EXISTS (
        SELECT FROM public.governance_decision d
        JOIN public.governance_panel p ON p.id = d.panel_id
        JOIN public.governance_motion m ON m.id = d.motion_id
        JOIN public.governance_case c ON c.id = d.case_id
        WHERE d.id = NEW.decision_id AND p.stage = 'first' AND c.kind = 'charge' AND m.measure <> 'nothing'
            AND c.person_id = NEW.by_id AND d.decided_at > NEW.appealed_at - interval '2160 hours'
    ) THEN
        {guards.refuse("appeal_is_the_members_for_90_days", "The member may appeal for 90 days after the decision.")}
    END IF;
    RETURN NEW;
"""

# What must have happened before the general meeting is asked (N7): an expulsion decided, and the appeal over or gone.
HEARD = """
CREATE FUNCTION public.governance_may_be_expelled(payload jsonb) RETURNS boolean LANGUAGE sql VOLATILE
BEGIN ATOMIC
    SELECT EXISTS (
        SELECT FROM public.governance_decision d
        JOIN public.governance_motion m ON m.id = d.motion_id
        JOIN public.governance_panel p ON p.id = d.panel_id
        JOIN public.governance_case c ON c.id = d.case_id
        WHERE to_jsonb(d.id) = payload -> 'decision' AND to_jsonb(c.person_id) = payload -> 'person'
            AND m.measure = 'expulsion' AND public.governance_stands(d.id)
            AND (p.stage = 'appeal' OR d.decided_at <= public.coop_now() - interval '2160 hours')
    );
END;
"""
MEETING = f"""
    IF NEW.policy <> 'expulsion' OR NEW.published_at IS NULL OR OLD.published_at IS NOT NULL THEN
        RETURN NEW;
    END IF;
    IF NOT public.governance_may_be_expelled(NEW.payload::jsonb)
        OR NOT EXISTS (SELECT FROM public.governance_rule r WHERE r.id = NEW.rule_id AND r.key = 'N7')
        OR EXISTS (
        SELECT FROM public.governance_proposal p WHERE p.id <> NEW.id AND p.policy = 'expulsion'
            AND p.published_at IS NOT NULL AND p.payload::jsonb -> 'decision' = NEW.payload::jsonb -> 'decision'
    ) THEN
        {guards.refuse("expulsion_follows_a_hearing", "The meeting is asked once, after panel and appeal.")}
    END IF;
    RETURN NEW;
"""

NOT_LOWERED = guards.refuse(
    "standing_is_lowered_only_by_mandate",
    "A person's standing is lowered only by the mandate of a vote, or by their own word when they leave.",
)
LOWERING = f"""
    -- One change of standing of a person at a time.
    PERFORM FROM public.people_person WHERE id = NEW.person_id FOR NO KEY UPDATE;
    IF public.governance_is_founding(NEW.mandate_id) AND public.governance_by_owner() THEN
        RETURN NEW;
    END IF;
    {guards.in_the_present("standing_is_lowered_only_by_mandate")}
    NEW.since := public.coop_now();
    IF NEW.status IN ('candidate', 'member') THEN
        RETURN NEW;
    END IF;
    SELECT s.status, s.since INTO was, became FROM public.governance_standing s WHERE s.person_id = NEW.person_id
        ORDER BY s.id DESC LIMIT 1;
    IF NEW.status = 'left' AND NEW.mandate_id IS NULL AND coalesce(was, 'applicant') NOT IN ('left', 'expelled')
        AND EXISTS (
            -- Their own word, given seven days ago and not taken back (J19).
            SELECT FROM public.governance_resignation r WHERE r.person_id = NEW.person_id
                AND r.taken_back_at IS NULL AND r.due_at <= NEW.since AND (became IS NULL OR r.given_at >= became)
        )
    THEN
        RETURN NEW;
    END IF;
    IF NEW.status = 'expelled' AND EXISTS (
        SELECT FROM public.governance_mandate m
        JOIN public.governance_proposal p ON p.id = m.proposal_id
        JOIN public.governance_rule r ON r.id = p.rule_id
        WHERE m.id = NEW.mandate_id AND p.policy = 'expulsion' AND r.key = 'N7'
            AND p.payload::jsonb -> 'person' = to_jsonb(NEW.person_id)
            AND public.governance_may_be_expelled(p.payload::jsonb)
            AND public.coop_now() >= m.due_at AND public.coop_now() < m.expires_at
    ) THEN
        RETURN NEW;
    END IF;
    {NOT_LOWERED}
"""

RESIGNING = f"""
    NEW.given_at := public.coop_now();
    NEW.due_at := NEW.given_at + interval '168 hours';
    NEW.taken_back_at := NULL;
    IF public.governance_status(NEW.person_id) IN ('left', 'expelled') THEN
        {guards.refuse("notice_runs_seven_days", "Whoever has left already gives no notice.")}
    END IF;
    RETURN NEW;
"""
TAKING_BACK = f"""
    IF ROW(NEW.id, NEW.person_id, NEW.pressure, NEW.given_at, NEW.due_at)
        IS DISTINCT FROM ROW(OLD.id, OLD.person_id, OLD.pressure, OLD.given_at, OLD.due_at)
        OR OLD.taken_back_at IS NOT NULL OR public.coop_now() >= OLD.due_at
    THEN
        {guards.refuse("notice_is_taken_back_in_time", "A notice can be taken back for seven days only.")}
    END IF;
    NEW.taken_back_at := public.coop_now();
    RETURN NEW;
"""

FILE = "file public.governance_case;"
MOTION = f"motion public.governance_motion; panel public.governance_panel; {FILE}"


class Migration(migrations.Migration):
    """Install the guards and the rights of the site."""

    dependencies: ClassVar = [("governance", "0012_cases_and_lots")]
    operations: ClassVar = [
        *(migrations.RunSQL(sql, migrations.RunSQL.noop) for sql in (LADDER, BARS, HEARD)),
        guards.Allow("governance_bars(bigint, text[])"),
        guards.Procedure(
            "motion_is_written_by_the_panel",
            table="governance_motion",
            body=MOVING,
            declare=f"panel public.governance_panel; before public.governance_motion; {FILE}",
            definer=True,
        ),
        guards.AppendOnly("governance_motion"),
        guards.Grant("governance_motion", "SELECT", "INSERT"),
        guards.Guard(
            "citation_is_in_the_file",
            table="governance_citation",
            holds=CITING,
            definer=True,
            otherwise="A decision cites only what stands in the file of the case and was shown in time.",
        ),
        guards.AppendOnly("governance_citation"),
        guards.Grant("governance_citation", "SELECT", "INSERT"),
        guards.Procedure(
            "panel_vote_is_a_seats_own", table="governance_panelvote", body=VOTING, declare=MOTION, definer=True
        ),
        guards.AppendOnly("governance_panelvote", otherwise="A panel's votes are never changed."),
        guards.Grant("governance_panelvote", "SELECT", "INSERT"),
        guards.Procedure(
            "decision_is_the_panels", table="governance_decision", body=DECIDING, declare=MOTION, definer=True
        ),
        guards.AppendOnly("governance_decision", otherwise="A decision is neither rewritten nor taken back."),
        guards.Grant("governance_decision", "SELECT", "INSERT"),
        guards.Procedure(
            "restriction_follows_a_decision",
            table="governance_restriction",
            body=RESTRICTING,
            declare=(
                "decision public.governance_decision; motion public.governance_motion; stage text;"
                f" appealed timestamptz; began timestamptz; {FILE}"
            ),
            definer=True,
        ),
        guards.AppendOnly("governance_restriction", otherwise="A restriction ends by its time; it is never prolonged."),
        guards.Grant("governance_restriction", "SELECT", "INSERT"),
        guards.Procedure("appeal_is_the_members_for_90_days", table="governance_appeal", body=APPEALING, definer=True),
        guards.AppendOnly("governance_appeal"),
        guards.Grant("governance_appeal", "SELECT", "INSERT"),
        guards.Procedure(
            "expulsion_follows_a_hearing", table="governance_proposal", on="UPDATE", body=MEETING, definer=True
        ),
        guards.Procedure(
            "standing_is_lowered_only_by_mandate",
            table="governance_standing",
            declare="was text; became timestamptz;",
            body=LOWERING,
            definer=True,
        ),
        guards.Procedure("notice_runs_seven_days", table="governance_resignation", body=RESIGNING, definer=True),
        guards.Procedure("notice_is_taken_back_in_time", table="governance_resignation", on="UPDATE", body=TAKING_BACK),
        guards.NeverDeleted("governance_resignation"),
        guards.Grant("governance_resignation", "SELECT", "INSERT", "UPDATE (taken_back_at)"),
    ]
