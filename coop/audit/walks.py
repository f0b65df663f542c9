"""Every walk, in the order in which they are taken."""

from collections.abc import Iterator
from pathlib import Path

from django.utils.translation import gettext_lazy as _

from coop.audit import access, bans, founding, heads, laws, mandates, money, record, releases, schema, standing, uses
from coop.audit.findings import Finding, Tick, Walk

ALL = (
    Walk("record", _("No event was altered, taken out or slipped in."), record.walk),
    Walk("schema", _("Functions, guards, constraints and rights are those on record."), schema.walk),
    Walk("releases", _("What the database promises changed after a week's notice only."), releases.walk),
    Walk("founding", _("What the founding meeting wrote stands as it wrote it."), founding.walk),
    Walk("votes", _("Texts, rolls, counts and mandates follow from each other."), mandates.walk),
    Walk("laws", _("Rules, numbers, conduct and posts are what votes said, and nobody else was recalled."), laws.walk),
    *money.WALKS,
    Walk("standing", _("Nobody's standing fell but by a vote or their own word."), standing.walk),
    Walk("access", _("Nobody was turned away from work or words but by a row that stood in the way."), access.walk),
    Walk("bans", _("No pay is held, no sign-in ended, and what works like a ban has its case."), bans.walk),
    Walk("data", _("Every column about people is kept and shown for a use that was voted."), uses.walk),
)


def run(tick: Tick = lambda _rows: None) -> Iterator[Finding]:
    """Take every walk and yield what does not add up."""
    for walk in ALL:
        yield from walk.find(tick)


def of_head(file: Path) -> Walk:
    """Return the walk that compares the log with a head that somebody kept."""
    return Walk(
        f"head {file.name}", _("The log still begins with it, and its times fit."), lambda _tick: heads.compare(file)
    )
