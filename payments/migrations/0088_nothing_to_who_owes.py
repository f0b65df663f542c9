"""What a client asked back is not sent while it owes what a payer's bank took, whatever deposit it came from."""

from typing import ClassVar

from django.db import migrations

from coop.database import guards

CAME = "AND public.payments_left_to_go_back(NEW.deposit_id, NEW.card_id, NEW.client_id) >= 0"


class Migration(migrations.Migration):
    """Let debts come first."""

    dependencies: ClassVar = [("payments", "0087_one_order")]
    operations: ClassVar = [
        guards.Edited(
            "guard_paybacks_go_by_two_officers",
            (
                CAME,
                f"""{CAME}
            AND NOT EXISTS (SELECT FROM public.payments_account r WHERE r.currency = 'USD' AND r.balance < 0
                AND r.code = 'client:' || NEW.client_id || ':receivable')""",
            ),
        ),
    ]
