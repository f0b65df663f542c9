"""Promises about candidates: nobody is withdrawn or reworded in their name without a day to see it and come back."""

from importlib import import_module
from typing import ClassVar

from django.db import migrations

from coop.database import guards

BEFORE = import_module("governance.migrations.0026_elections_guards")

# Who stood a day before the end of a call stands as they did then. Until the end, whoever was withdrawn comes back.
_WITHDRAWN = """    IF TG_OP = 'UPDATE' AND OLD.withdrawn_at IS NOT NULL THEN
        {refused}
    END IF;
"""
STANDING = BEFORE.STANDING.replace(
    _WITHDRAWN.format(
        refused=guards.refuse("candidacy_is_a_members_own", "Whoever withdrew from a call stays withdrawn.")
    ),
    f"""    IF TG_OP = 'UPDATE' AND OLD.withdrawn_at IS NOT NULL AND NEW.withdrawn_at IS NOT NULL THEN
        {guards.refuse("candidacy_is_a_members_own", "Whoever withdrew comes back first, while the call is open.")}
    END IF;
    IF TG_OP = 'UPDATE' AND OLD.withdrawn_at IS NULL AND OLD.put_forward_at < call.closes_at - interval '24 hours'
        AND public.coop_now() >= call.closes_at - interval '24 hours'
    THEN
        {guards.refuse("candidacy_is_a_members_own", "In the last day of a call, who stood before stands as they are.")}
    END IF;
""",
)


class Migration(migrations.Migration):
    """Install the guard anew."""

    dependencies: ClassVar = [("governance", "0051_posts_by_vote")]
    operations: ClassVar = [
        guards.Procedure(
            "candidacy_is_a_members_own",
            table="governance_candidacy",
            on="INSERT OR UPDATE",
            definer=True,
            body=STANDING,
            declare="call public.governance_call;",
        ),
    ]
