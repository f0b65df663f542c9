"""What an order pays for each answer: as it says, as its project says, or as the members voted."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from coop.refusals import refuse_if
from payments.models import Rate, WorkType
from payments.templatetags.money import money
from tasks import content as contents
from tasks import jobs
from tasks.models import ProjectVersion
from tasks.scale import projects
from tasks.scale.access import Wrong


def asked(
    params: Mapping[str, Any],
    version: ProjectVersion,
    work_type: WorkType,
    rate: Rate | None,
    content: Mapping[str, str],
) -> tuple[Decimal, bool]:
    """Return the pay of an order, and whether it or its project names one. Raise Wrong under its project's."""
    said = projects.pay_of(params.get("pay"))
    named = version.pay if said is None else said
    if version.pay is not None and named is not None and named < version.pay:
        message = f"The project pays {money(version.pay, 'USD')}: an order may pay more, never less (rule E2)."
        raise Wrong(message, 402)
    voted = contents.with_rests(rate.amount, dict(content)) if rate else Decimal(0)
    pay = voted if named is None else named
    refuse_if(jobs.pay_refusal(work_type, pay, content, rate=rate))
    return pay, named is not None
