"""Facts that stand with many things, as programs say them: names, metadata, where to tell of an end."""

import re
from typing import Any

from coop import door
from tasks.scale.access import Wrong
from tasks.webhooks import addresses

LONGEST_NAME, LONGEST_METADATA = 200, 10_240
EMAIL = re.compile(r"[^\s/@]+@[^\s/@]+")


def name_of(said: object, what: str) -> str:
    """Return a name that something can have; raise Wrong for anything else."""
    if not isinstance(said, str) or not said.strip() or len(said) > LONGEST_NAME:
        message = f"Missing required parameter: {what} (a text of at most {LONGEST_NAME} characters)"
        raise Wrong(message)
    return said


def metadata_of(said: object) -> dict[str, Any]:
    """Return metadata as a program sends it; raise Wrong for what is none, or too much."""
    if not isinstance(said, dict) or len(str(said)) > LONGEST_METADATA:
        message = "metadata must be an object of at most 10 KB"
        raise Wrong(message)
    return said


def callback_of(said: object, *, test: bool) -> str:
    """Return the address of the web where somebody wants to be told; nothing where none is given.

    Made-up answers go to http:// as well; members' own go out encrypted, or within the house.
    """
    if said in (None, ""):
        return ""
    if not isinstance(said, str) or EMAIL.fullmatch(said):
        message = "A callback is an http(s) URL: nothing is sent to e-mail addresses"
        raise Wrong(message)
    if why := door.refusal(said):
        message = f"callback_url: {addresses.CLOSED[why]}"
        raise Wrong(message)
    if not (test or said.lower().startswith("https://") or door.is_of_the_house(said)):
        message = f"callback_url: {addresses.CLOSED[door.Why.SCHEME]}"
        raise Wrong(message)
    return said
