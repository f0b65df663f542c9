"""Promises about recalls: members alone begin one, nobody keeps it up, and nothing else ends an office (N13)."""

from importlib import import_module

from django.db import migrations

from coop.database import guards

PETITIONS = import_module("governance.migrations.0018_petition_guards")

# Signatures are gathered for thirty days; the vote they call can be called as long as the office lasts, so that
# nobody lets the time run out between the last signature and the call.
CALLABLE = """
CREATE FUNCTION public.governance_petition_is_callable(asked public.governance_petition)
RETURNS boolean LANGUAGE sql VOLATILE
BEGIN ATOMIC
    SELECT CASE asked.kind
        WHEN 'stop' THEN public.governance_petition_ends(asked.id) > public.coop_now()
        ELSE public.governance_in_office(asked.recalls_id, public.coop_now())
    END;
END;
"""

# Two that open a petition at once: the second waits here, and finds the first.
OPENING = PETITIONS.OPENING.replace(
    "NEW.opened_at := public.coop_now();",
    "PERFORM FROM public.governance_office WHERE id = NEW.recalls_id FOR NO KEY UPDATE;\n"
    "    NEW.opened_at := public.coop_now();",
).replace(
    """EXISTS (
            SELECT FROM public.governance_office o WHERE o.id = NEW.recalls_id
                AND o.starts_at <= NEW.opened_at AND o.ends_at > NEW.opened_at)""",
    "public.governance_in_office(NEW.recalls_id, NEW.opened_at)",
)
CALLING = PETITIONS.CALLING.replace(
    "public.governance_petition_ends(asked.id) > public.coop_now()", "public.governance_petition_is_callable(asked)"
)

ENDING = f"""
    {guards.in_the_present("office_ends_by_its_recall")}
    NEW.at := public.coop_now();
    IF NOT EXISTS (
        SELECT FROM public.governance_mandate m
        JOIN public.governance_proposal p ON p.id = m.proposal_id
        JOIN public.governance_petition asked ON asked.id = p.petition_id
        JOIN public.governance_rule r ON r.id = p.rule_id
        JOIN public.governance_tally t ON t.proposal_id = p.id
        WHERE m.id = NEW.mandate_id AND p.policy = 'recall' AND asked.kind = 'recall' AND r.key = 'N13' AND t.passed
            AND asked.recalls_id = NEW.office_id AND m.due_at <= NEW.at AND m.expires_at > NEW.at
    ) OR NOT public.governance_in_office(NEW.office_id, NEW.at) THEN
        {guards.refuse("office_ends_by_its_recall", "An office ends by its date, or by the vote that recalls it.")}
    END IF;
    RETURN NEW;
"""

ANSWERING = f"""
    {guards.in_the_present("answer_is_given_before_the_vote")}
    NEW.written_at := public.coop_now();
    IF NOT EXISTS (
        SELECT FROM public.governance_petition p WHERE p.id = NEW.petition_id
            AND public.governance_in_office(p.recalls_id, NEW.written_at)
            AND char_length(NEW.text) BETWEEN 1 AND 1200
            AND NOT EXISTS (
                SELECT FROM public.governance_proposal v WHERE v.petition_id = p.id AND v.opens_at <= NEW.written_at
            )
    ) THEN
        {
    guards.refuse(
        "answer_is_given_before_the_vote", "An officer answers a recall before its vote opens, in 1,200 characters."
    )
}
    END IF;
    RETURN NEW;
"""


class Migration(migrations.Migration):
    """Install the guards and the rights of the site."""

    dependencies = [("governance", "0034_recall")]
    operations = [
        migrations.RunSQL(CALLABLE, migrations.RunSQL.noop),
        guards.Procedure("petition_is_opened_in_its_time", table="governance_petition", definer=True, body=OPENING),
        guards.Procedure(
            "petition_calls_its_vote",
            table="governance_proposal",
            on="UPDATE",
            definer=True,
            body=CALLING,
            declare="asked public.governance_petition;",
        ),
        guards.Procedure("office_ends_by_its_recall", table="governance_officeend", definer=True, body=ENDING),
        guards.Grant("governance_officeend", "INSERT"),
        guards.Procedure("answer_is_given_before_the_vote", table="governance_answer", definer=True, body=ANSWERING),
        guards.AppendOnly("governance_answer", otherwise="What an officer answered stands; a later answer is added."),
        guards.Grant("governance_answer", "SELECT", "INSERT"),
    ]
