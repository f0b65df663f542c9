"""What stands beside the data: where it comes from, who was paid what, and what it must not be taken for."""

import json
from decimal import Decimal
from typing import Any

from tasks import certificates
from tasks.models import Release
from tasks.shapes import Json

# What wages were for beside the answers, as a statement says it.
BESIDE = {
    "checks": "for checks of answers by other members",
    "readings": "for reading what changed in the guide",
    "skips": "by the care fund, for tasks passed on that were too much to bear",
    "looks": "by the dispute fund, for looks at rejected answers",
    "top_ups": "where a week came to less than an hour must pay",
    "differences": "afterwards, to make up for a time that was measured longer",
}


def facts(release: Release) -> Json:
    """Return the pay certificate's content."""
    told: dict[str, Any] = json.loads(release.certificate)
    return told


def title(release: Release) -> str:
    """Return the name of a version."""
    return f"{release.job.title}, version {release.number}"


def bundle(release: Release) -> str:
    """Return the signed certificate as JSON: its text, its signature, and the key both are checked with."""
    signed = {"certificate": release.certificate, "signature": release.signature, "key": certificates.public_key()}
    return json.dumps(signed, indent=2) + "\n"


def guides(release: Release) -> str:
    """Return each guide that answers were given under; of a certificate that names none, all there were until then."""
    later = release.job.guide_versions.filter(at__lte=release.asked_at).order_by("number")
    words = {1: release.job.guide, **dict(later.values_list("number", "guide"))}
    counts = {
        one["version"]: f" ({one['answers']} answers)" for one in facts(release).get("guides", [])
    } or dict.fromkeys(words, "")
    return "".join(
        f"### The guide, version {number}{said}\n\n{words[number]}\n\n" for number, said in sorted(counts.items())
    )


def statement(release: Release) -> str:
    """Return the data statement, in Markdown."""
    told = facts(release)
    paid, hourly = told["paid"], told["hourly"]
    hour = (
        f"An hour made US$ {hourly['median']} in the middle; a quarter made less than US$ {hourly['lower']}, a quarter "
        f"more than US$ {hourly['upper']}."
        if hourly
        else "Fewer than five people answered alone: what an hour made is not told."
    )
    parts = "".join(
        f" US$ {paid['of_wages'][what]} of it {words}."
        for what, words in BESIDE.items() if Decimal(paid.get("of_wages", {}).get(what, 0))
    )  # fmt: skip
    if Decimal(paid.get("of_funds", 0)):
        parts += f" Funds of the cooperative bore US$ {paid['of_funds']} of it."
    if left := paid.get("leaves_out"):
        parts += f" Not in it: {left}"
    authors = paid.get("authors", paid["people"])
    return (
        f"# {title(release)}\n\n"
        f"{release.items} items, {release.answers} answers by {authors} members of a cooperative.\n\n"
        f"## What was asked\n\n{release.job.form.get('question', '')}\n\n{guides(release)}"
        f"## Who was paid what\n\nUS$ {paid['wages']} in wages to {paid['people']} members for {paid['answers']} "
        f"answers, before these were known to be right: wrong ones are paid too.{parts} {hour} Rates are voted by "
        "the members.\n\n"
        "## How answers became one\n\nEach item has all its answers. `result` is what they come to, `confidence` how "
        f"sure that is, `agreement` which share says it.{_by_parts(release)}\n\n"
        "## What it must not be taken for\n\nMembers stand in it under pseudonyms of this client alone; finding out "
        "who they are is forbidden, and so is ranking them. Answers are opinions of few people, not of everybody.\n"
    )


def _by_parts(release: Release) -> str:
    """Return how results are put together of parts, of a kind where they may be."""
    if release.job.shape.by_parts(release.job.form) is None:
        return ""
    return (
        " Where no whole answer was given more often than every other, `composed` has the parts that the result is put "
        "together of: each by what most answers say of it, ordered ones by the answer in the middle, with how sure it "
        "is. Where one is even there is no result."
    )
