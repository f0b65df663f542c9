"""What a payer's bank took back does not go back as well: it is owed, and repaid from what is called off."""

from typing import ClassVar

from django.db import migrations

from coop.database import guards

POSTED = "payback:' || NEW.id AND t.kind = 43)"
MINE = "WHERE p.id = of_card AND p.client_id = by_client AND p.currency = 'USD'"


class Migration(migrations.Migration):
    """Repay from what stays after all, and look again at where money came from before it is sent there."""

    dependencies: ClassVar = [("payments", "0079_questions")]
    operations: ClassVar = [
        guards.Edited("payments_repay", ("p.kind IN (1, 18, 19, 36, 99)", "p.kind IN (1, 18, 19, 36, 45, 99)")),
        # Below nothing where more is asked back than came; a card's deposit that two officers took back never came.
        guards.Edited(
            "payments_left_to_go_back",
            ("SELECT greatest(0, came.amount - coalesce((", "SELECT (came.amount - coalesce(("),
            (
                MINE,
                f"""{MINE} AND NOT EXISTS (
            SELECT FROM public.payments_cardevent x JOIN public.payments_transfer t ON t.ref = 'card_event:' || x.id
            JOIN public.payments_transfer r ON r.reverses_id = t.id WHERE x.payment_id = p.id AND t.kind = 1
        )""",
            ),
        ),
        guards.Edited(
            "guard_money_goes_back_as_was_asked",
            (
                "ON t.ref = 'deposit:' || o.deposit_id",
                """ON t.ref = 'deposit:' || o.deposit_id OR t.ref IN (SELECT 'card_event:' || e.id
                        FROM public.payments_cardevent e WHERE e.payment_id = o.card_id)""",
            ),
        ),
        guards.Edited(
            "guard_paybacks_go_by_two_officers",
            (
                POSTED,
                f"""{POSTED}
            AND public.payments_left_to_go_back(NEW.deposit_id, NEW.card_id, NEW.client_id) >= 0""",
            ),
        ),
    ]
