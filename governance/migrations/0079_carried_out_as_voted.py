"""A vote on conduct, on posts or on who holds what is ticked off by its row, as votes on money are (P2)."""

from typing import ClassVar

from django.db import migrations

from coop.database import guards

NAME = "enactment_did_what_was_voted"
ROWS = {
    "bylaw_change": "bylaw",
    "post_change": "post",
    "recall": "officeend",
    "expulsion": "standing",
    "election": "office",
}
DONE = " ".join(
    f"WHEN '{policy}' THEN EXISTS (SELECT FROM public.governance_{table} w WHERE w.mandate_id = NEW.mandate_id)"
    for policy, table in ROWS.items()
)
# A vote fails only where its row is refused: it is written, and what it wrote is undone. Whoever is expelled already is
# not expelled again.
BODY = f"""
    {guards.in_the_present(NAME)}
    SELECT p.policy, p.payload INTO vote FROM public.governance_mandate m
        JOIN public.governance_proposal p ON p.id = m.proposal_id WHERE m.id = NEW.mandate_id;
    IF vote.policy IS NULL OR vote.policy NOT IN ({", ".join(f"'{policy}'" for policy in ROWS)}) THEN
        RETURN NEW;
    END IF;
    said := vote.payload::jsonb;
    IF NEW.failure = '' THEN
        holds := CASE vote.policy {DONE} END;
    ELSIF vote.policy = 'expulsion' AND public.governance_status((said ->> 'person')::bigint) = 'expelled' THEN
        holds := true;
    ELSE
        BEGIN
            PERFORM public.governance_carry_out(NEW.mandate_id, vote.policy, said);
            RAISE EXCEPTION USING ERRCODE = 'WH001';
        EXCEPTION
            WHEN SQLSTATE 'WH001' THEN holds := false;
            WHEN integrity_constraint_violation OR data_exception THEN holds := true;
        END;
    END IF;
    IF holds IS NOT TRUE THEN
        {
    guards.refuse(
        NAME,
        "A vote on conduct, posts, offices or a membership is carried out by its row, "
        "and fails only when that is refused.",
    )
}
    END IF;
    RETURN NEW;
"""
CARRY_OUT = """
CREATE FUNCTION public.governance_carry_out(mandate bigint, policy text, said jsonb) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $carry$
DECLARE
    moment timestamptz := public.coop_now();
BEGIN
    CASE policy
    WHEN 'bylaw_change' THEN
        INSERT INTO public.governance_bylaw (key, version, title, text, published_at, mandate_id)
        VALUES (said ->> 'key', (said ->> 'replaces')::integer + 1, said ->> 'title', said ->> 'text', moment, mandate);
    WHEN 'post_change' THEN
        INSERT INTO public.governance_post
            (name, version, rights, excludes, seats, term_days, abolished, since, mandate_id)
        VALUES (said ->> 'post', (said ->> 'replaces')::integer + 1, said -> 'rights', said -> 'excludes',
            (said ->> 'seats')::integer, (said ->> 'term_days')::integer, (said ->> 'abolished')::boolean, moment,
            mandate);
    WHEN 'recall' THEN
        INSERT INTO public.governance_officeend (office_id, mandate_id, at)
        VALUES ((said ->> 'office')::bigint, mandate, moment);
    WHEN 'expulsion' THEN
        INSERT INTO public.governance_standing (person_id, status, rule, since, mandate_id)
        VALUES ((said ->> 'person')::bigint, 'expelled', 'N7', moment, mandate);
    WHEN 'election' THEN
        INSERT INTO public.governance_office (person_id, post, seat, starts_at, ends_at, mandate_id)
        SELECT o.person_id, c.post, c.seat, c.starts_at, c.ends_at, m.id
        FROM public.governance_mandate m
        LEFT JOIN public.governance_tally t ON t.proposal_id = m.proposal_id
        LEFT JOIN public.governance_option o ON o.proposal_id = m.proposal_id AND o.position = t.winner
        LEFT JOIN public.governance_call c ON c.id::text = said ->> 'call'
        WHERE m.id = mandate;
    END CASE;
END $carry$;
"""
# The number of a row is drawn before its turn has come: whoever held the person's row in between could have written a
# later one, and what came after it would not count.
STANDING = "standing_is_lowered_only_by_mandate"
LATER = "    NEW.since := public.coop_now();\n    IF NEW.status IN"
AGAIN = guards.refuse(STANDING, "Something else was written about this person's standing in this moment: try again.")
IN_TURN = f"""    IF EXISTS (
        SELECT FROM public.governance_standing s WHERE s.person_id = NEW.person_id AND s.id > NEW.id
    ) THEN
        {AGAIN}
    END IF;
"""


class Migration(migrations.Migration):
    """Ask for their rows, and for the order of standings."""

    dependencies: ClassVar = [("governance", "0078_taken_back_until_left")]
    operations: ClassVar = [
        migrations.RunSQL(CARRY_OUT),
        guards.Procedure(
            NAME,
            table="governance_enactment",
            declare="vote record; said jsonb; holds boolean;",
            body=BODY,
            definer=True,
        ),
        guards.Edited(f"guard_{STANDING}", (LATER, IN_TURN + LATER)),
    ]
