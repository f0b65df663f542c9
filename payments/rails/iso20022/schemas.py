"""The schemas of ISO 20022 (of orders as sepaxml brings them, of statements as iso20022.org publishes them)."""

from functools import cache
from importlib import resources
from pathlib import Path

import sepaxml
from lxml import etree

ORDERS = "pain.001.001.09"
STATEMENTS = ("camt.053.001.08", "camt.053.001.02")
NAMESPACE = "urn:iso:std:iso:20022:tech:xsd:"
# A statement of 100,000 lines is some 80 megabytes; nobody reads a larger one at once.
LARGEST = 100_000_000


class Unreadable(Exception):  # noqa: N818 - reads as the sentence it is
    """A file is not what it should be; the message says where."""


@cache
def schema(name: str) -> etree.XMLSchema:
    """Return the schema of this name, read once."""
    ours = Path(__file__).parent / f"{name}.xsd"
    file = ours if ours.exists() else Path(str(resources.files(sepaxml) / "schemas" / f"{name}.xsd"))
    return etree.XMLSchema(etree.parse(file))


def parse(content: bytes) -> "etree._Element":
    """Return the root of a file, nothing outside it being read. Raises Unreadable."""
    if len(content) > LARGEST:
        message = "The file is larger than a statement is."
        raise Unreadable(message)
    try:
        return etree.fromstring(
            content, etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, remove_blank_text=True)
        )
    except etree.XMLSyntaxError as error:
        message = f"This is no XML: {error.msg}"
        raise Unreadable(message) from error


def check(root: "etree._Element", name: str) -> None:
    """Raise Unreadable, with the line and what is wrong there, unless a file keeps to a schema."""
    rules = schema(name)
    if not rules.validate(root):
        first = rules.error_log[0]
        message = f"Line {first.line} does not keep to {name}: {first.message}"
        raise Unreadable(message)
