"""Facts that stand with many things, as programs say them: names, metadata, where to tell of an end."""

from typing import Any

from tasks.scale.access import Wrong

LONGEST_NAME, LONGEST_ADDRESS, LONGEST_METADATA = 200, 2000, 10_240


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


def callback_of(said: object) -> str:
    """Return where somebody wants to be told: an address of the web, or an e-mail; nothing where none is given."""
    if said in (None, ""):
        return ""
    if (
        not isinstance(said, str)
        or len(said) > LONGEST_ADDRESS
        or not (said.startswith(("http://", "https://")) or "@" in said)
    ):
        message = "A callback is an http(s) URL or an e-mail address"
        raise Wrong(message)
    return said
