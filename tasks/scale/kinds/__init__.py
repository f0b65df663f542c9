"""The interface's kinds of task: one module for those that are alike, one object for each way of asking."""

from functools import cache

from tasks.scale.kinds import categories, chat, drawing, entities, forms, frames, masks
from tasks.scale.kinds.kind import Kind

OF_ALL = (
    *categories.KINDS, *chat.KINDS, *drawing.KINDS, *entities.KINDS, *forms.KINDS, *frames.KINDS, *masks.KINDS,
)  # fmt: skip


@cache
def _named() -> dict[str, Kind]:
    return {name: kind for kind in OF_ALL for name in kind.names}


def find(name: str) -> Kind | None:
    """Return the kind of task that a program calls so; None where nobody knows it."""
    return _named().get(name)


def names() -> list[str]:
    """Return the names of all kinds."""
    return list(_named())
