"""Promises about what officers do: by a right they hold now, and never unseen by the person it concerns."""

from django.db import migrations

from coop.database import guards

# What is done to somebody else is written beside the act, in its own transaction. Nobody watches over themselves.
NOTING = """
CREATE FUNCTION public.governance_right_for(act text) RETURNS text LANGUAGE sql IMMUTABLE
BEGIN ATOMIC
    SELECT CASE WHEN act IN ('asked_pause', 'began_pause') THEN 'asks_for_pauses'
        WHEN act IN ('sent_payout', 'settled_payout') THEN 'handles_money' ELSE '' END;
END;
CREATE FUNCTION public.governance_note_act(office bigint, concerned bigint, act text, subject text) RETURNS void
LANGUAGE sql VOLATILE SET search_path = pg_catalog, public, pg_temp AS $note$
    INSERT INTO public.governance_officeact (office_id, person_id, act, duty, subject, at)
    SELECT o.id, concerned, act, public.governance_right_for(act), subject, public.coop_now()
    FROM public.governance_office o WHERE o.id = office AND o.person_id <> concerned;
$note$;
"""


def told(table: str, act: str, *, office: str, subject: str, when: str = "true", on: str = "INSERT") -> str:
    """Return the SQL by which each act on a table is written down for the person it concerns."""
    return f"""
CREATE FUNCTION public.governance_tell_{act}() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $tell$
BEGIN
    PERFORM public.governance_note_act(NEW.{office}, NEW.person_id, '{act}', '{subject}:' || NEW.id);
    RETURN NULL;
END $tell$;
CREATE TRIGGER tell_{act} AFTER {on} ON public.{table}
    FOR EACH ROW WHEN ({when}) EXECUTE FUNCTION public.governance_tell_{act}();
ALTER TABLE public.{table} ENABLE ALWAYS TRIGGER tell_{act};
"""


IN_OFFICE = f"""
    {guards.in_the_present("officers_act_by_a_right_they_hold")}
    NEW.at := public.coop_now();
    IF (
        -- Acts are written by the database beside them; the site writes what was looked at.
        (NEW.act = 'looked' OR (pg_trigger_depth() > 1 AND NEW.duty = public.governance_right_for(NEW.act)))
        AND CASE NEW.duty WHEN '' THEN public.governance_in_office(NEW.office_id, NEW.at)
            ELSE public.governance_may(NEW.office_id, NEW.duty, NEW.at) END
    ) IS NOT TRUE THEN
        {
    guards.refuse(
        "officers_act_by_a_right_they_hold", "Officers act by a post that they hold now and that gives the right."
    )
}
    END IF;
    RETURN NEW;
"""


class Migration(migrations.Migration):
    """Install the guard, what writes the acts, and the rights of the site."""

    dependencies = [("governance", "0040_officeacts")]
    operations = [
        migrations.RunSQL(NOTING, migrations.RunSQL.noop),
        guards.Procedure(
            "officers_act_by_a_right_they_hold", table="governance_officeact", definer=True, body=IN_OFFICE
        ),
        guards.AppendOnly("governance_officeact", otherwise="What an officer did or looked at stays written."),
        guards.Grant("governance_officeact", "SELECT", "INSERT"),
        migrations.RunSQL(
            told("governance_pauserequest", "asked_pause", office="first_officer_id", subject="pause_request"),
            migrations.RunSQL.noop,
        ),
        migrations.RunSQL(
            told("governance_pause", "began_pause", office="second_officer_id", subject="pause"),
            migrations.RunSQL.noop,
        ),
        migrations.RunSQL(
            told(
                "governance_case", "opened_case", office="office_id", subject="case", when="NEW.office_id IS NOT NULL"
            ),
            migrations.RunSQL.noop,
        ),
    ]
