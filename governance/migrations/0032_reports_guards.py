"""Promises about reports: who may report, who answers, and the one thing that two officers may do for three days."""

from typing import ClassVar

from django.db import migrations

from coop.database import guards

MOST_REPORTS = 10

REPORTING = f"""
    PERFORM FROM public.people_person WHERE id = NEW.reporter_id FOR NO KEY UPDATE;
    {guards.in_the_present("report_is_a_members_own")}
    NEW.reported_at := public.coop_now();
    IF NOT public.governance_speaks(NEW.reporter_id) OR NOT EXISTS (
        SELECT FROM public.governance_message m
        WHERE m.id = NEW.message_id AND m.corrects_id IS NULL AND m.author_id <> NEW.reporter_id
    ) THEN
        {guards.refuse("report_is_a_members_own", "Members and candidates report what somebody else wrote.")}
    END IF;
    IF NOT EXISTS (
        SELECT FROM public.governance_message m
        WHERE NEW.message_id IN (m.id, m.corrects_id) AND position(NEW.quote IN m.text) > 0
    ) THEN
        {guards.refuse("report_quotes_the_message", "A report quotes words that stand in the message.")}
    END IF;
    IF {MOST_REPORTS} <= (
        SELECT count(*) FROM public.governance_messagereport r
        WHERE r.reporter_id = NEW.reporter_id AND r.reported_at > public.coop_now() - interval '1 hour'
    ) THEN
        {guards.refuse("reports_are_no_flood", "Nobody reports more than ten messages in an hour.")}
    END IF;
    RETURN NEW;
"""

ANSWERING = f"""
    {guards.in_the_present("report_is_answered_by_its_officer")}
    NEW.answered_at := public.coop_now();
    SELECT * INTO report FROM public.governance_messagereport r WHERE r.id = NEW.report_id;
    IF (public.governance_may(NEW.office_id, 'reads_reports', NEW.answered_at) AND EXISTS (
        SELECT FROM public.governance_office o JOIN public.governance_message m ON m.id = report.message_id
        WHERE o.id = NEW.office_id AND o.person_id NOT IN (m.author_id, report.reporter_id)
    )) IS NOT TRUE THEN
        {guards.refuse("report_is_answered_by_its_officer", "An officer for reports answers, not one it is about.")}
    END IF;
    IF NEW.outcome = 'withhold' AND report.ground <> 'child_abuse' THEN
        {guards.refuse("only_child_abuse_is_withheld", "Officers withhold nothing but material of child abuse.")}
    END IF;
    RETURN NEW;
"""

# Part 6: two officers of different posts, the smallest scope, over by itself, the same facts never twice, five at once.
WITHHOLDING = f"""
    -- A row everybody can wait for: one more is compared with all that run.
    PERFORM FROM public.governance_mandate WHERE proposal_id IS NULL FOR NO KEY UPDATE;
    {guards.in_the_present("withholding_needs_two_officers")}
    NEW.starts_at := public.coop_now();
    NEW.ends_at := NEW.starts_at + interval '72 hours';
    SELECT * INTO answer FROM public.governance_reportanswer a WHERE a.id = NEW.answer_id;
    SELECT * INTO report FROM public.governance_messagereport r WHERE r.id = answer.report_id;
    SELECT * INTO first FROM public.governance_office o WHERE o.id = answer.office_id;
    SELECT * INTO second FROM public.governance_office o WHERE o.id = NEW.second_officer_id;
    NEW.message_id := report.message_id;
    IF (answer.outcome = 'withhold' AND answer.answered_at > NEW.starts_at - interval '24 hours'
        AND public.governance_may(first.id, 'reads_reports', NEW.starts_at)
        AND public.governance_may(second.id, 'asks_for_pauses', NEW.starts_at)
        AND second.post <> first.post AND second.person_id NOT IN (first.person_id, report.reporter_id)
        AND EXISTS (
            SELECT FROM public.governance_message m WHERE m.id = report.message_id AND m.author_id <> second.person_id
        )) IS NOT TRUE THEN
        {guards.refuse("withholding_needs_two_officers", "Two officers of different posts withhold, within a day.")}
    END IF;
    IF 5 <= (
        SELECT count(DISTINCT m.author_id) FROM public.governance_withholding w
        JOIN public.governance_message m ON m.id = w.message_id WHERE w.ends_at > NEW.starts_at
    ) THEN
        {guards.refuse("withholding_reaches_five_at_most", "Messages of five members are withheld; no more at once.")}
    END IF;
    RETURN NEW;
"""
REPORT = "report public.governance_messagereport;"


class Migration(migrations.Migration):
    """Install the guards and the rights of the site."""

    dependencies: ClassVar = [("governance", "0031_reports")]
    operations: ClassVar = [
        guards.Procedure("report_is_a_members_own", table="governance_messagereport", body=REPORTING, definer=True),
        guards.AppendOnly("governance_messagereport", otherwise="A report stands as it was written."),
        guards.Grant("governance_messagereport", "SELECT", "INSERT"),
        guards.Procedure(
            "report_is_answered_by_its_officer",
            table="governance_reportanswer",
            body=ANSWERING,
            declare=REPORT,
            definer=True,
        ),
        guards.AppendOnly("governance_reportanswer", otherwise="What was answered to a report stands."),
        guards.Grant("governance_reportanswer", "SELECT", "INSERT"),
        guards.Procedure(
            "withholding_needs_two_officers",
            table="governance_withholding",
            body=WITHHOLDING,
            declare=(
                f"{REPORT} answer public.governance_reportanswer; first public.governance_office;"
                " second public.governance_office;"
            ),
            definer=True,
        ),
        guards.AppendOnly("governance_withholding", otherwise="It ends by its time; nobody prolongs or repeats it."),
        guards.Grant("governance_withholding", "SELECT", "INSERT"),
    ]
