"""What a client says of live answers: each is accepted and paid, or rejected in a dispute that is paid too."""

from datetime import datetime

from coop.people.models import Person
from tasks import disputes, reviews
from tasks.models import AssignmentState, Ground, Order
from tasks.scale.access import Wrong

DECIDED = (
    "Nothing of this task waits to be judged: what was accepted is paid for good (rule E1). An answer can be rejected "
    "while it is being checked, within three days of being handed in."
)


def judge(order: Order, *, accepted: bool, words: str, by: Person, at: datetime) -> None:
    """Accept every answer to an order that waits, or reject them, `words` being the reason. Raise Wrong or Refused.

    Accepting what is accepted changes nothing. What is rejected is paid at once, and two members who see neither side
    decide who bears it (part 7).
    """
    given = (
        []
        if order.task is None
        else list(
            order.task.assignments.filter(state=AssignmentState.SUBMITTED).select_related("job__work_type", "task")
        )
    )
    if not given and not accepted:
        raise Wrong(DECIDED, 402)
    for one in given:
        if accepted:
            reviews.accept(one, by=by, at=at, ground=Ground.CLIENT)
        else:
            disputes.reject(one, reason=words, place=disputes.places(one)[0], by=by, at=at)
