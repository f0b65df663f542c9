"""What a client knows of an order beforehand: the right answer, and one that is to be reviewed.

The right one is a known answer (`tasks.known`): whoever answered reads it afterwards, all are paid alike, and no score
follows.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from coop.people.models import Person
from tasks import known, predictions
from tasks.models import Order, Task
from tasks.scale import kinds
from tasks.scale.access import Wrong
from tasks.scale.kinds.kind import SAID_BEFORE

type Json = dict[str, Any]

UNSAID = "The client gave this answer with the task."


def value(kind: str, params: Json, said: object, name: str) -> Json | None:
    """Return a response as a value of our shape; None where none is given, or the kind's are not read back.

    Raise Wrong, naming what was given, for one that cannot be read.
    """
    asks = kinds.find(kind)
    as_said = {**{part: given for part, given in params.items() if part not in SAID_BEFORE}, SAID_BEFORE[0]: said}
    if not said or asks is None or SAID_BEFORE[0] in [*asks.unasked, *asks.left_out(as_said)]:
        return None
    try:
        return asks.predicted(as_said)
    except predictions.BROKEN as error:
        message = f"{name} cannot be read: it has the shape of a response"
        raise Wrong(message) from error


def right(order: Order) -> Json | None:
    """Return the answer to an order that its client knows, as a value."""
    return value(order.kind, order.params, order.expected, "expected_response")


def first(order: Order) -> Json | None:
    """Return the answer to an order that is to be reviewed, as a value."""
    return value(order.kind, order.params, order.initial, "initial_response")


def note(orders: Sequence[Order], tasks: Sequence[Task], *, by: Person, at: datetime) -> None:
    """Write down what is known of the tasks of orders, in a draft. Raise Refused for what is no answer."""
    for order, task in zip(orders, tasks, strict=True):
        if (said := right(order)) is not None:
            why = str(order.params.get("explanation") or UNSAID)
            known.say(task, value=said, why=why, by=by, at=at)
