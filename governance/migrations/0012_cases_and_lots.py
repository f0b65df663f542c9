"""Promises about a fair hearing, first half: the charge, the file, the answer, and the panel that the lot makes."""

from typing import ClassVar

from django.db import migrations

from coop.database import guards

# What is protected (7.9) as far as rows show it. The second view is for the apps above, which know the work.
PROTECTED = """
CREATE VIEW public.governance_protected_act AS
    SELECT p.proposed_by_id AS person_id, 'proposed' AS kind, p.published_at AS at
    FROM public.governance_proposal p WHERE p.published_at IS NOT NULL
    UNION ALL
    SELECT c.charged_by_id, 'complained', c.opened_at FROM public.governance_case c
    WHERE c.kind = 'charge' AND c.office_id IS NULL AND c.seat_id IS NULL
    UNION ALL SELECT t.opened_by_id, 'spoke', t.opened_at FROM public.governance_thread t
    UNION ALL SELECT w.author_id, 'spoke', w.written_at FROM public.governance_message w
    UNION ALL SELECT a.by_id, 'appealed', a.appealed_at FROM public.governance_appeal a;
CREATE VIEW public.governance_protected_work AS
    SELECT NULL::bigint AS person_id, NULL::text AS kind, NULL::timestamptz AS at WHERE false;
CREATE FUNCTION public.governance_did_protected(person bigint, moment timestamptz) RETURNS boolean LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT EXISTS (
        SELECT FROM public.governance_protected_act a WHERE a.person_id = person
            AND a.at > moment - interval '4320 hours' AND a.at <= moment
    ) OR EXISTS (
        SELECT FROM public.governance_protected_work w WHERE w.person_id = person
            AND w.at > moment - interval '4320 hours' AND w.at <= moment
    );
END;
"""

FACTS = """
CREATE FUNCTION public.governance_same(words text) RETURNS text LANGUAGE sql IMMUTABLE
BEGIN ATOMIC
    -- Neither capitals nor spaces nor signs make other facts of the same ones.
    SELECT encode(sha256(convert_to(
        regexp_replace(lower(normalize(words, NFKC)), '[[:space:][:punct:]]+', '', 'g'), 'UTF8'
    )), 'hex');
END;
CREATE FUNCTION public.governance_status(person bigint) RETURNS text LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT coalesce((
        SELECT s.status::text FROM public.governance_standing s WHERE s.person_id = person ORDER BY s.id DESC LIMIT 1
    ), 'applicant');
END;
CREATE FUNCTION public.governance_holds_a_post(person bigint, moment timestamptz) RETURNS boolean LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT EXISTS (
        SELECT FROM public.governance_office o
        WHERE o.person_id = person AND public.governance_in_office(o.id, moment)
    );
END;
CREATE FUNCTION public.governance_reply_by(file public.governance_case) RETURNS timestamptz LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT file.opened_at + CASE WHEN EXISTS (
        SELECT FROM public.governance_statement s WHERE s.case_id = file.id AND s.kind = 'more_time'
    ) THEN interval '696 hours' ELSE interval '360 hours' END;
END;
"""

# Members without a part in it: not a party, no seat at the client, no officer who asked for a pause of this person,
# nobody who charged them or was charged by them, nobody who sat on a panel about them or spoke in this case.
CANDIDATES = """
CREATE FUNCTION public.governance_candidates(file public.governance_case) RETURNS bigint[] LANGUAGE sql STABLE
BEGIN ATOMIC
    WITH latest AS (
        SELECT DISTINCT ON (s.person_id) s.person_id, s.status
        FROM public.governance_standing s ORDER BY s.person_id, s.id DESC
    ), involved AS (
        SELECT file.person_id UNION SELECT file.charged_by_id
        UNION SELECT c.person_id FROM public.people_clientseat c WHERE c.client_id = file.client_id
        UNION SELECT o.person_id FROM public.governance_pauserequest q
            JOIN public.governance_office o ON o.id = q.first_officer_id WHERE q.person_id = file.person_id
        UNION SELECT o.person_id FROM public.governance_pause p
            JOIN public.governance_office o ON o.id = p.second_officer_id WHERE p.person_id = file.person_id
        UNION SELECT c.charged_by_id FROM public.governance_case c WHERE c.person_id = file.person_id
        UNION SELECT c.person_id FROM public.governance_case c WHERE c.charged_by_id = file.person_id
        UNION SELECT t.person_id FROM public.governance_panelseat t
            JOIN public.governance_panel p ON p.id = t.panel_id
            JOIN public.governance_case c ON c.id = p.case_id WHERE c.person_id = file.person_id
        UNION SELECT s.author_id FROM public.governance_statement s WHERE s.case_id = file.id
        UNION SELECT e.added_by_id FROM public.governance_evidence e WHERE e.case_id = file.id
    )
    SELECT coalesce(array_agg(l.person_id ORDER BY l.person_id), '{}') FROM latest l
    WHERE l.status = 'member'
        AND NOT EXISTS (SELECT FROM involved i(person_id) WHERE i.person_id = l.person_id);
END;
CREATE FUNCTION public.governance_charging(file public.governance_case) RETURNS bigint LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT coalesce(file.charged_by_id, (
        SELECT s.author_id FROM public.governance_statement s WHERE s.case_id = file.id AND s.kind = 'explanation'
    ));
END;
"""

# The lot: every candidate by the SHA-256 of seed and number. The witness helped to make it and is not drawn.
LOT = """
CREATE FUNCTION public.governance_drawn(about bigint) RETURNS TABLE (rank bigint, person_id bigint)
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT row_number() OVER (ORDER BY sha256(convert_to(d.seed || ':' || c.id, 'UTF8')), c.id), c.id
    FROM public.governance_draw d JOIN public.governance_panel p ON p.id = d.panel_id
    CROSS JOIN unnest(p.candidates) AS c(id)
    WHERE d.panel_id = about AND NOT EXISTS (
        SELECT FROM public.governance_drawpart w
        WHERE w.panel_id = about AND w.role = 'witness' AND w.person_id = c.id
    );
END;
CREATE FUNCTION public.governance_sitting(about bigint) RETURNS SETOF public.governance_panelseat
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT s.* FROM public.governance_panelseat s WHERE s.panel_id = about
        AND NOT EXISTS (SELECT FROM public.governance_seatrefusal r WHERE r.seat_id = s.id);
END;
CREATE FUNCTION public.governance_opened(about bigint, whose text) RETURNS text LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT r.words::text FROM public.governance_drawpart d JOIN public.governance_drawreveal r ON r.part_id = d.id
    WHERE d.panel_id = about AND d.role = whose;
END;
CREATE FUNCTION public.governance_member_by(panel public.governance_panel) RETURNS timestamptz LANGUAGE sql IMMUTABLE
BEGIN ATOMIC
    SELECT panel.commit_by + (panel.reveal_by - panel.commit_by) / 2;
END;
-- Whether the member's part is settled: opened, or missed for good. Only then do the others open theirs.
CREATE FUNCTION public.governance_member_part_stands(panel public.governance_panel, moment timestamptz)
RETURNS boolean LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT public.governance_opened(panel.id, 'member') IS NOT NULL
        OR moment > public.governance_member_by(panel)
        OR (moment > panel.commit_by AND NOT EXISTS (
            SELECT FROM public.governance_drawpart d WHERE d.panel_id = panel.id AND d.role = 'member'
        ));
END;
"""

BY_WHOM = guards.refuse(
    "case_is_opened_by_a_named_person",
    "A charge is brought by a named member, officer or client's seat-holder, about facts of the last year.",
)
OPENING = f"""
    {guards.in_the_present("case_is_opened_by_a_named_person")}
    -- One case about a person at a time is opened, so that the same facts are found.
    PERFORM FROM public.people_person WHERE id = NEW.person_id FOR NO KEY UPDATE;
    NEW.opened_at := public.coop_now();
    NEW.facts_digest := public.governance_same(NEW.facts);
    NEW.presumed := NEW.kind = 'charge' AND public.governance_did_protected(NEW.person_id, NEW.opened_at);
    IF (
        public.governance_status(NEW.person_id) IN ('candidate', 'member')
        AND NEW.happened_until <= NEW.opened_at AND NEW.happened_from > NEW.opened_at - interval '8760 hours'
        AND NEW.happened_until <= NEW.happened_from + interval '744 hours'
        AND (NEW.scope NOT LIKE 'client:%' OR NEW.scope = 'client:' || NEW.client_id)
        AND (NEW.office_id IS NULL OR EXISTS (
            SELECT FROM public.governance_office o WHERE o.id = NEW.office_id AND o.person_id = NEW.charged_by_id
                AND public.governance_in_office(o.id, NEW.opened_at)
        ))
        AND (NEW.seat_id IS NULL OR (NEW.office_id IS NULL AND EXISTS (
            SELECT FROM public.people_clientseat s WHERE s.id = NEW.seat_id AND s.person_id = NEW.charged_by_id
                AND s.client_id = NEW.client_id AND s.accepted_at IS NOT NULL AND s.ended_at IS NULL
        )))
        AND CASE NEW.kind
            WHEN 'charge' THEN NEW.pause_id IS NULL AND (
                num_nonnulls(NEW.office_id, NEW.seat_id) = 1 OR public.governance_status(NEW.charged_by_id) = 'member'
            )
            WHEN 'equivalent' THEN num_nonnulls(NEW.office_id, NEW.seat_id, NEW.pause_id) = 0 AND NOT EXISTS (
                SELECT FROM public.governance_case c WHERE c.person_id = NEW.person_id AND c.kind = 'equivalent'
                    AND c.ground = NEW.ground AND c.opened_at > NEW.opened_at - interval '336 hours'
            )
            WHEN 'emergency' THEN EXISTS (
                SELECT FROM public.governance_pause p
                JOIN public.governance_office o ON o.id IN (p.first_officer_id, p.second_officer_id)
                WHERE p.id = NEW.pause_id AND p.person_id = NEW.person_id AND o.person_id = NEW.charged_by_id
                    AND p.starts_at <= NEW.opened_at AND p.ends_at > NEW.opened_at
            )
        END
    ) IS NOT TRUE THEN
        {BY_WHOM}
    END IF;
    RETURN NEW;
"""

PUBLIC_RULE = """NEW.kind <> 'charge' OR EXISTS (
    SELECT FROM public.governance_bylaw b WHERE b.id = NEW.bylaw_id
        AND b.published_at <= NEW.happened_from - interval '360 hours'
        AND NOT EXISTS (
            SELECT FROM public.governance_bylaw n WHERE n.key = b.key AND n.version > b.version
                AND n.published_at <= NEW.happened_from - interval '360 hours'
        )
)"""

NOT_TWICE = """NEW.kind <> 'charge' OR NOT EXISTS (
    SELECT FROM public.governance_case c WHERE c.person_id = NEW.person_id AND c.kind = 'charge' AND (
        c.facts_digest = public.governance_same(NEW.facts)
        OR (c.ground = NEW.ground AND c.happened_from <= NEW.happened_until AND c.happened_until >= NEW.happened_from)
    )
)"""

SHOWING = f"""
    SELECT * INTO file FROM public.governance_case c WHERE c.id = NEW.case_id;
    NEW.added_at := public.coop_now();
    NEW.person_id := file.person_id;
    NEW.digest := public.governance_same(NEW.text);
    NEW.charging := file.kind = 'charge' AND NEW.added_by_id <> file.person_id;
    NEW.citable := NOT NEW.charging OR NEW.added_at <= file.opened_at + interval '48 hours';
    IF (
        NEW.added_by_id IN (file.person_id, file.charged_by_id)
        OR (file.kind = 'equivalent' AND public.governance_holds_a_post(NEW.added_by_id, NEW.added_at))
    ) IS NOT TRUE THEN
        {guards.refuse("evidence_is_the_parties_own", "Evidence is put into the file by the two sides of the case.")}
    END IF;
    RETURN NEW;
"""

SAYING = f"""
    {guards.in_the_present("statement_is_a_partys_in_its_time")}
    SELECT * INTO file FROM public.governance_case c WHERE c.id = NEW.case_id;
    NEW.said_at := public.coop_now();
    IF (CASE NEW.kind
        WHEN 'reply' THEN NEW.author_id = file.person_id AND file.kind <> 'equivalent'
            AND NEW.said_at <= public.governance_reply_by(file)
        WHEN 'more_time' THEN NEW.author_id = file.person_id AND file.kind = 'charge'
            AND NEW.said_at <= file.opened_at + interval '360 hours'
        WHEN 'explanation' THEN file.kind = 'equivalent' AND NEW.author_id <> file.person_id
            AND public.governance_holds_a_post(NEW.author_id, NEW.said_at)
            AND NEW.said_at <= file.opened_at + interval '168 hours'
        WHEN 'contested' THEN file.kind = 'equivalent' AND NEW.author_id = file.person_id AND EXISTS (
            SELECT FROM public.governance_statement s WHERE s.case_id = file.id AND s.kind = 'explanation'
                AND s.said_at > NEW.said_at - interval '360 hours'
        )
        WHEN 'word' THEN NEW.author_id IN (file.person_id, public.governance_charging(file)) OR EXISTS (
            SELECT FROM public.governance_panel p CROSS JOIN LATERAL public.governance_sitting(p.id) s
            WHERE p.case_id = file.id AND s.person_id = NEW.author_id
        )
    END) IS NOT TRUE THEN
        {guards.refuse("statement_is_a_partys_in_its_time", "Only its parties and panel write here, in time.")}
    END IF;
    RETURN NEW;
"""

CONVENING = f"""
    {guards.in_the_present("panel_is_convened_by_its_case")}
    SELECT * INTO file FROM public.governance_case c WHERE c.id = NEW.case_id FOR NO KEY UPDATE;
    NEW.convened_at := public.coop_now();
    IF (CASE NEW.stage
        WHEN 'first' THEN (file.kind = 'charge' AND NEW.asked_by_id = file.charged_by_id
                AND NEW.convened_at <= file.opened_at + interval '48 hours')
            OR (file.kind = 'equivalent' AND NEW.asked_by_id = file.person_id AND EXISTS (
                SELECT FROM public.governance_statement s WHERE s.case_id = file.id AND s.kind = 'contested'
            ))
        WHEN 'appeal' THEN EXISTS (
            SELECT FROM public.governance_appeal a JOIN public.governance_decision d ON d.id = a.decision_id
            WHERE d.case_id = file.id AND a.by_id = NEW.asked_by_id
        )
        WHEN 'emergency' THEN file.kind = 'emergency' AND NEW.asked_by_id = file.charged_by_id
            AND NEW.convened_at <= file.opened_at + interval '12 hours'
    END) IS NOT TRUE THEN
        {guards.refuse("panel_is_convened_by_its_case", "A panel meets on a case, asked for by whom the rules name.")}
    END IF;
    -- From the charge on: when the case began, not when somebody came round to it.
    began := CASE WHEN file.kind = 'charge' AND NEW.stage = 'first' THEN file.opened_at ELSE NEW.convened_at END;
    NEW.size := CASE NEW.stage WHEN 'first' THEN 5 WHEN 'appeal' THEN 9 ELSE 3 END;
    NEW.commit_by := began + CASE WHEN NEW.stage = 'emergency' THEN interval '24 hours'
        WHEN NEW.stage = 'first' AND file.kind = 'charge' THEN interval '360 hours' ELSE interval '168 hours' END;
    NEW.reveal_by := NEW.commit_by + CASE WHEN NEW.stage = 'emergency' THEN interval '24 hours'
        ELSE interval '120 hours' END;
    NEW.decide_by := began + interval '1080 hours';
    IF NEW.stage = 'emergency' THEN
        SELECT p.starts_at + interval '336 hours' INTO NEW.decide_by FROM public.governance_pause p
        WHERE p.id = file.pause_id;
    END IF;
    NEW.candidates := public.governance_candidates(file);
    NEW.roll_digest := encode(sha256(convert_to(array_to_string(NEW.candidates, ','), 'UTF8')), 'hex');
    RETURN NEW;
"""

SEALING = f"""
    {guards.in_the_present("lot_is_sealed_by_three")}
    SELECT * INTO panel FROM public.governance_panel p WHERE p.id = NEW.panel_id FOR NO KEY UPDATE;
    SELECT * INTO file FROM public.governance_case c WHERE c.id = panel.case_id;
    NEW.committed_at := public.coop_now();
    IF NEW.committed_at > panel.commit_by OR EXISTS (
        SELECT FROM public.governance_drawpart d JOIN public.governance_drawreveal r ON r.part_id = d.id
        WHERE d.panel_id = panel.id
    ) THEN
        {guards.refuse("lot_is_sealed_by_three", "All parts are sealed before the first is opened, and in time.")}
    END IF;
    IF (CASE NEW.role
        WHEN 'charge' THEN NEW.person_id = public.governance_charging(file)
        WHEN 'member' THEN NEW.person_id = file.person_id
        WHEN 'witness' THEN NEW.person_id <> file.person_id AND NEW.person_id <> public.governance_charging(file)
            AND EXISTS (
                SELECT FROM public.governance_office o WHERE o.person_id = NEW.person_id
                    AND public.governance_in_office(o.id, NEW.committed_at) AND o.post NOT IN (
                        SELECT c.post FROM public.governance_office c
                        WHERE c.person_id = public.governance_charging(file)
                            AND public.governance_in_office(c.id, NEW.committed_at)
                    )
            )
            AND NOT EXISTS (
                SELECT FROM public.people_clientseat s
                WHERE s.client_id = file.client_id AND s.person_id = NEW.person_id
            )
    END) IS NOT TRUE THEN
        {guards.refuse("lot_is_sealed_by_three", "The lot is made by both sides and by an officer of another post.")}
    END IF;
    RETURN NEW;
"""

OPENING_PARTS = f"""
    {guards.in_the_present("lot_is_opened_in_turn")}
    SELECT * INTO part FROM public.governance_drawpart d WHERE d.id = NEW.part_id;
    SELECT * INTO panel FROM public.governance_panel p WHERE p.id = part.panel_id FOR NO KEY UPDATE;
    NEW.revealed_at := public.coop_now();
    IF encode(sha256(convert_to(NEW.words, 'UTF8')), 'hex') IS DISTINCT FROM part.commitment THEN
        {guards.refuse("lot_is_opened_in_turn", "These are not the words that were sealed.")}
    END IF;
    IF (
        NEW.revealed_at <= panel.reveal_by
        AND (NEW.revealed_at > panel.commit_by
            OR 3 = (SELECT count(*) FROM public.governance_drawpart d WHERE d.panel_id = panel.id))
        AND CASE part.role WHEN 'member' THEN NEW.revealed_at <= public.governance_member_by(panel)
            ELSE public.governance_member_part_stands(panel, NEW.revealed_at) END
    ) IS NOT TRUE THEN
        {guards.refuse("lot_is_opened_in_turn", "The member opens first, then the others: nobody chooses by waiting.")}
    END IF;
    RETURN NEW;
"""

DRAWING = f"""
    {guards.in_the_present("lot_follows_from_its_parts")}
    SELECT * INTO panel FROM public.governance_panel p WHERE p.id = NEW.panel_id FOR NO KEY UPDATE;
    NEW.drawn_at := public.coop_now();
    IF (
        public.governance_opened(panel.id, 'charge') IS NOT NULL
        AND public.governance_opened(panel.id, 'witness') IS NOT NULL
        AND public.governance_member_part_stands(panel, NEW.drawn_at)
    ) IS NOT TRUE THEN
        {guards.refuse("lot_follows_from_its_parts", "The lot is drawn once its parts are open.")}
    END IF;
    NEW.seed := encode(sha256(convert_to(concat_ws(E'\\n',
        public.governance_opened(panel.id, 'charge'),
        coalesce(public.governance_opened(panel.id, 'member'), ''),
        public.governance_opened(panel.id, 'witness')
    ), 'UTF8')), 'hex');
    RETURN NEW;
"""

SEATING = f"""
    {guards.in_the_present("seat_goes_to_whoever_was_drawn")}
    SELECT * INTO panel FROM public.governance_panel p WHERE p.id = NEW.panel_id FOR NO KEY UPDATE;
    NEW.seated_at := public.coop_now();
    NEW.rank := 1 + (SELECT coalesce(max(s.rank), 0) FROM public.governance_panelseat s WHERE s.panel_id = panel.id);
    IF (
        NEW.person_id = (SELECT d.person_id FROM public.governance_drawn(panel.id) d WHERE d.rank = NEW.rank)
        AND panel.size > (SELECT count(*) FROM public.governance_sitting(panel.id))
        AND NEW.seated_at < panel.decide_by
    ) IS NOT TRUE THEN
        {guards.refuse("seat_goes_to_whoever_was_drawn", "The lot alone seats a panel, one after the other.")}
    END IF;
    RETURN NEW;
"""

REFUSING = f"""
    {guards.in_the_present("each_side_refuses_two")}
    SELECT * INTO seat FROM public.governance_panelseat s WHERE s.id = NEW.seat_id;
    SELECT * INTO panel FROM public.governance_panel p WHERE p.id = seat.panel_id FOR NO KEY UPDATE;
    SELECT * INTO file FROM public.governance_case c WHERE c.id = panel.case_id;
    NEW.refused_at := public.coop_now();
    IF (
        NOT EXISTS (SELECT FROM public.governance_decision d WHERE d.panel_id = panel.id)
        AND CASE NEW.side
            WHEN 'self' THEN NEW.by_id = seat.person_id
            WHEN 'gone' THEN public.governance_status(seat.person_id) <> 'member'
            ELSE NEW.by_id = CASE NEW.side WHEN 'charge' THEN public.governance_charging(file)
                    WHEN 'member' THEN file.person_id END
                AND NEW.refused_at <= seat.seated_at + interval '72 hours'
                AND NOT EXISTS (SELECT FROM public.governance_panelvote v WHERE v.seat_id = seat.id)
                AND NOT EXISTS (SELECT FROM public.governance_motion m WHERE m.panel_id = panel.id)
                AND 2 > (
                    SELECT count(*) FROM public.governance_seatrefusal r
                    JOIN public.governance_panelseat s ON s.id = r.seat_id
                    WHERE s.panel_id = panel.id AND r.side = NEW.side
                )
        END
    ) IS NOT TRUE THEN
        {guards.refuse("each_side_refuses_two", "Each side refuses two members of a panel at most, within three days.")}
    END IF;
    RETURN NEW;
"""

HEARING = """EXISTS (
    SELECT FROM public.governance_sitting(NEW.panel_id) s WHERE s.id = NEW.seat_id AND NEW.began_at >= s.seated_at
) AND NEW.ended_at <= public.coop_now() AND NEW.ended_at <= NEW.began_at + interval '8 hours'
    AND NEW.written_at <= public.coop_now()"""

FILE = "file public.governance_case;"
PANEL = f"panel public.governance_panel; {FILE}"


class Migration(migrations.Migration):
    """Install the guards and the rights of the site."""

    dependencies: ClassVar = [("governance", "0011_due_process"), ("people", "0002_guards")]
    operations: ClassVar = [
        *(migrations.RunSQL(sql, migrations.RunSQL.noop) for sql in (PROTECTED, FACTS, CANDIDATES, LOT)),
        guards.AppendOnly("governance_bylaw", otherwise="A rule of conduct is replaced by a new version."),
        guards.Grant("governance_bylaw", "SELECT"),
        guards.Procedure("case_is_opened_by_a_named_person", table="governance_case", body=OPENING, definer=True),
        guards.Guard(
            "rule_was_public_before_the_facts",
            table="governance_case",
            holds=PUBLIC_RULE,
            definer=True,
            otherwise="A rule applies to what happened when it had been public for 15 days, and not before.",
        ),
        guards.Guard(
            "same_facts_are_never_charged_twice",
            table="governance_case",
            holds=NOT_TWICE,
            definer=True,
            otherwise="These facts were charged before; the same facts never carry a second case.",
        ),
        guards.AppendOnly("governance_case", otherwise="A charge is not rewritten; what is not in it is not charged."),
        guards.Grant("governance_case", "SELECT", "INSERT"),
        guards.Procedure(
            "evidence_is_the_parties_own", table="governance_evidence", body=SHOWING, declare=FILE, definer=True
        ),
        guards.AppendOnly("governance_evidence"),
        guards.Grant("governance_evidence", "SELECT", "INSERT"),
        guards.Procedure(
            "statement_is_a_partys_in_its_time", table="governance_statement", body=SAYING, declare=FILE, definer=True
        ),
        guards.AppendOnly("governance_statement"),
        guards.Grant("governance_statement", "SELECT", "INSERT"),
        guards.Procedure(
            "panel_is_convened_by_its_case",
            table="governance_panel",
            body=CONVENING,
            declare=f"{FILE} began timestamptz;",
            definer=True,
        ),
        guards.AppendOnly("governance_panel"),
        guards.Grant("governance_panel", "SELECT", "INSERT"),
        guards.Procedure(
            "lot_is_sealed_by_three", table="governance_drawpart", body=SEALING, declare=PANEL, definer=True
        ),
        guards.AppendOnly("governance_drawpart"),
        guards.Grant("governance_drawpart", "SELECT", "INSERT"),
        guards.Procedure(
            "lot_is_opened_in_turn",
            table="governance_drawreveal",
            body=OPENING_PARTS,
            declare="part public.governance_drawpart; panel public.governance_panel;",
            definer=True,
        ),
        guards.AppendOnly("governance_drawreveal"),
        guards.Grant("governance_drawreveal", "SELECT", "INSERT"),
        guards.Procedure(
            "lot_follows_from_its_parts",
            table="governance_draw",
            body=DRAWING,
            declare="panel public.governance_panel;",
            definer=True,
        ),
        guards.AppendOnly("governance_draw"),
        guards.Grant("governance_draw", "SELECT", "INSERT"),
        guards.Procedure(
            "seat_goes_to_whoever_was_drawn",
            table="governance_panelseat",
            body=SEATING,
            declare="panel public.governance_panel;",
            definer=True,
        ),
        guards.AppendOnly("governance_panelseat"),
        guards.Grant("governance_panelseat", "SELECT", "INSERT"),
        guards.Procedure(
            "each_side_refuses_two",
            table="governance_seatrefusal",
            body=REFUSING,
            declare=f"seat public.governance_panelseat; {PANEL}",
            definer=True,
        ),
        guards.AppendOnly("governance_seatrefusal"),
        guards.Grant("governance_seatrefusal", "SELECT", "INSERT"),
        guards.Guard(
            "hearing_is_held_by_the_panel",
            table="governance_hearing",
            holds=HEARING,
            definer=True,
            otherwise="A hearing is written down by somebody who sits on the panel, after it was held.",
        ),
        guards.AppendOnly("governance_hearing"),
        guards.Grant("governance_hearing", "SELECT", "INSERT"),
    ]
