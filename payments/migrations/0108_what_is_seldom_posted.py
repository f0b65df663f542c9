"""The guards of what is seldom posted stand on a table of their own, where nothing stays (decision 0241).

Twenty-one conditions were read and compiled, and three triggers called, by every statement that posts, only to find
that it is not about them: a fifth of what one transfer costs.
"""

from typing import ClassVar

from django.db import migrations

from coop.database import guards

BOOKS = "guard_transfers_move_balances"
# What work and its clients move every day. No guard of these is seldom asked, but of the reading of a guide (3, 10).
EVERY_DAY = "2, 3, 4, 5, 6, 7, 9, 35"
SELDOM = f"NOT kinds <@ ARRAY[{EVERY_DAY}]"
NOTHING_POSTED = "    IF kinds IS NULL THEN\n        RETURN NULL;\n    END IF;\n"
MOVED_ALONE = "        RETURN NULL;\n    END IF;\n    UPDATE public.payments_account a SET balance = a.balance + moved"
MOVED_ALL = ") moved WHERE a.id = moved.account AND a.tracked;\n"
PLANS = "ARRAY['enable_seqscan', 'enable_bitmapscan', 'enable_hashjoin', 'enable_mergejoin']"
# The books find accounts by their index alone; guards that stand elsewhere plan as they always did.
FREELY, BY_INDEX = (
    f"        PERFORM set_config(plan, '{on}', true) FROM unnest({PLANS}) plan;\n" for on in ("on", "off")
)
LAID = f"""    IF {SELDOM} THEN
{FREELY}        INSERT INTO public.payments_seldom SELECT * FROM posted p WHERE p.kind NOT IN ({EVERY_DAY});
{BY_INDEX}    END IF;
"""
TAKEN_AWAY = f"""    IF {SELDOM} THEN
{FREELY}        DELETE FROM public.payments_seldom;
    END IF;
"""
# Laid before balances move: what looks at each transfer, and at a raise as a whole.
BEFORE = """
bills_are_paid_as_put_forward capital_goes_to_its_member card_money_moves_as_was_said closes_move_what_was_closed
deposits_are_credited_once_proved entitlements_are_paid_as_found exchanges_are_as_quoted funds_are_filled_as_voted
money_goes_back_as_was_asked own_money_moves_as_confirmed posts_are_paid_as_voted raises_move_as_voted
reversals_are_by_two_officers support_moves_as_it_was_asked surplus_goes_where_it_was_voted top_ups_pay_what_lacks
"""
# Taken away when they have moved: what looks at balances.
AFTER = "what_is_owed_is_repaid_first"
TABLE = """
CREATE UNLOGGED TABLE public.payments_seldom (LIKE public.payments_transfer);
COMMENT ON TABLE public.payments_seldom IS
    'Empty but while a statement posts what is seldom posted: its guards stand here.';
"""


def laid(trigger: str) -> str:
    """Return SQL that lets a trigger stand on the table of what is seldom posted, as it stood on that of all."""
    return _moved(trigger, "pg_get_triggerdef(oid)")


def taken_away(trigger: str) -> str:
    """Return SQL that lets a trigger ask, when it is taken away, what it asked when it was posted."""
    deleted = "replace(pg_get_triggerdef(oid), 'AFTER INSERT', 'AFTER DELETE')"
    return _moved(trigger, f"replace({deleted}, 'NEW TABLE', 'OLD TABLE')")


def _moved(trigger: str, stands: str) -> str:
    return f"""
DO $move$
DECLARE
    there text := (SELECT replace({stands}, 'ON public.payments_transfer', 'ON public.payments_seldom') FROM pg_trigger
        WHERE tgrelid = 'public.payments_transfer'::regclass AND tgname = '{trigger}');
BEGIN
    DROP TRIGGER {trigger} ON public.payments_transfer;
    EXECUTE there;
    ALTER TABLE public.payments_seldom ENABLE ALWAYS TRIGGER {trigger};
END $move$;
"""


class Migration(migrations.Migration):
    """Ask the same, of the same, in the same order."""

    dependencies: ClassVar = [("payments", "0107_words_of_a_payout")]
    operations: ClassVar = [
        guards.Edited(
            BOOKS,
            (NOTHING_POSTED, NOTHING_POSTED + LAID),
            (MOVED_ALONE, MOVED_ALONE.replace("        RETURN NULL;\n    END IF;\n", "    ELSE\n")),
            (MOVED_ALL, f"{MOVED_ALL}    END IF;\n{TAKEN_AWAY}"),
        ),
        migrations.RunSQL(TABLE),
        *(migrations.RunSQL(laid(trigger)) for trigger in BEFORE.split()),
        migrations.RunSQL(taken_away(AFTER)),
    ]
