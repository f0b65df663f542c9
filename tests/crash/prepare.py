"""Found what is worked on, and print it as JSON: `python -m tests.crash.prepare TASKS`.

An open job whose tasks pay US$ 2.00 each, a draft that takes data sets, and a client's key.
"""

import json
import sys
from decimal import Decimal

import django

from tests.bench import prepare

PAY = Decimal("2.00")
# Who has said where their money goes, and a peer for each.
PAIRS = (("Amina", "Abebe"), ("Luis", "Beatriz"), ("Priya", "Chidi"))


def main(tasks: int) -> None:
    """Print `job`, `draft`, `key`, `officers` of money, and `pairs`: members with the peer who checks what they do."""
    django.setup()
    from coop import clock  # noqa: PLC0415 - after setup
    from coop.demo.life import person  # noqa: PLC0415
    from coop.people import keys  # noqa: PLC0415
    from governance import offices  # noqa: PLC0415
    from governance.models import Right  # noqa: PLC0415
    from tasks import jobs  # noqa: PLC0415
    from tasks.models import Job  # noqa: PLC0415

    job = Job.objects.get(pk=prepare.post(tasks, PAY)[0])
    facts = {"form": job.form, "overlap": 1, "pay": job.pay, "review_rule": "peer"}
    olga = person("Olga")
    draft = jobs.draft(
        job.client, work_type=job.work_type, title="More pairs", guide="Choose.", by=olga, at=clock.now(),
        **facts,
    )  # fmt: skip
    _key, secret = keys.issue(job.client, name="crash", scopes=["read", "post"], by=olga, at=clock.now())
    pairs = [[person(name).email for name in pair] for pair in PAIRS]
    officers = [office.person.email for office in offices.with_right(Right.MONEY, clock.now()).select_related("person")]
    said = {"job": job.pk, "draft": draft.pk, "key": secret, "pairs": pairs, "officers": officers[:2]}
    print(json.dumps(said))  # noqa: T201 - read by who asked


if __name__ == "__main__":
    main(int(sys.argv[1]))
