"""A vote fails for good only by what does not pass, and what failed gives nothing afterwards (P2, P3)."""

from importlib import import_module
from typing import ClassVar

from django.db import migrations

from coop.database import guards

BEFORE = import_module("governance.migrations.0079_carried_out_as_voted")
# Row and line wait for each other here, so that neither overlooks the other: first of all, by the name of the guard.
IN_TURN = "PERFORM FROM public.governance_mandate m WHERE m.id = NEW.mandate_id FOR NO KEY UPDATE;"


def nothing(table: str) -> guards.Procedure:
    """Return the guard of a table that keeps out the row of a vote that failed."""
    name = f"a_failed_vote_gives_no_{table}"
    body = f"""
    {guards.in_the_present(name)}
    {IN_TURN}
    IF EXISTS (
        SELECT FROM public.governance_enactment e WHERE e.mandate_id = NEW.mandate_id AND e.failure <> ''
    ) THEN
        {guards.refuse(name, "This vote is on record as failed: it changes nothing any more.")}
    END IF;
    RETURN NEW;
"""
    return guards.Procedure(name, table=f"governance_{table}", body=body, definer=True)


# The number of an expulsion is drawn once nobody else writes about its person.
DONE_ALREADY = f"""        holds := CASE vote.policy {BEFORE.DONE} END;
    ELSIF (CASE vote.policy {BEFORE.DONE} END) THEN
        holds := false;
    ELSIF vote.policy = 'expulsion'"""
# Whoever left may come back before the mandate expires, and take the seat.
COMES_BACK = """GET STACKED DIAGNOSTICS refused = CONSTRAINT_NAME;
                holds := refused <> 'office_is_given_by_an_election' OR EXISTS (
                    SELECT FROM public.governance_mandate m
                    JOIN public.governance_tally t ON t.proposal_id = m.proposal_id
                    JOIN public.governance_option o ON o.proposal_id = m.proposal_id AND o.position = t.winner
                    WHERE m.id = NEW.mandate_id AND public.governance_status(o.person_id) = 'expelled'
                );"""
BODY = BEFORE.BODY
for stands, becomes in (
    ("    said := vote.payload::jsonb;\n", f"""    said := vote.payload::jsonb;
    {IN_TURN}
    IF vote.policy = 'expulsion' THEN
        PERFORM FROM public.people_person p WHERE p.id = (said ->> 'person')::bigint FOR NO KEY UPDATE;
    END IF;
"""),
    (f"        holds := CASE vote.policy {BEFORE.DONE} END;\n    ELSIF vote.policy = 'expulsion'", DONE_ALREADY),
    ("data_exception THEN holds := true;", f"data_exception THEN\n                {COMES_BACK}"),
):  # fmt: skip
    if stands not in BODY:
        raise LookupError(stands)
    BODY = BODY.replace(stands, becomes)
# Not a word against the row: nothing that says a row is refused may rest on it.
AGAIN = BEFORE.AGAIN.replace("'23514'", "'40001'")


class Migration(migrations.Migration):
    """Ask what refused, and whether it was done already."""

    dependencies: ClassVar = [("governance", "0079_carried_out_as_voted")]
    operations: ClassVar = [
        guards.Procedure(
            BEFORE.NAME,
            table="governance_enactment",
            declare="vote record; said jsonb; holds boolean; refused text;",
            body=BODY,
            definer=True,
        ),
        guards.Edited(f"guard_{BEFORE.STANDING}", (BEFORE.AGAIN, AGAIN)),
        *map(nothing, BEFORE.ROWS.values()),
    ]
