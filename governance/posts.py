"""Posts by vote (D8): which there are, how many seats, how long a term, which rights, and what nobody holds together.

Who has which right is the constitution's own (N15); how many share a post and for how long is a bylaw's matter (N14).
No vote lengthens a running term, gives a right to who holds a post already, or leaves a right without its officers.
"""

import json
import re
from datetime import datetime
from typing import Any, cast

from django import forms
from django.db import connection
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from coop.record import events
from coop.refusals import Refusal
from governance import offices
from governance.models import CHECKED, LONGEST_TERM_DAYS, Mandate, Post, Right
from governance.policy import NobodysPay, Payload, expect

NAME = re.compile(r"[a-z][a-z ]{1,28}[a-z]")
MOST_SEATS = 11
PARTS = ("post", "rights", "excludes", "seats", "term_days", "abolished")


class NewPost(forms.Form):
    """A post as it shall be."""

    post = forms.RegexField(
        label=gettext_lazy("Which post"), regex=rf"^{NAME.pattern}$",
        help_text=gettext_lazy("One that there is, or a new name in small letters."),
    )  # fmt: skip
    rights = forms.MultipleChoiceField(
        label=gettext_lazy("What its holders may do"), choices=Right.choices, widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("Who holds the post already gains nothing: a new right begins with the next election."),
    )  # fmt: skip
    excludes = forms.CharField(
        label=gettext_lazy("Posts that nobody holds beside it"), required=False,
        help_text=gettext_lazy("With commas between them, as auditor, panel trustee."),
    )  # fmt: skip
    seats = forms.IntegerField(label=gettext_lazy("How many hold it at once"), min_value=1, max_value=MOST_SEATS)
    term_days = forms.IntegerField(
        label=gettext_lazy("Days of a term"), min_value=1, max_value=LONGEST_TERM_DAYS,
        help_text=gettext_lazy("For terms that are elected later; what runs ends on its date."),
    )  # fmt: skip
    abolished = forms.BooleanField(
        label=gettext_lazy("Abolish it: its terms end on the day of the vote"), required=False
    )

    def cleaned_payload(self) -> Payload:
        """Return the payload: the whole post, and the version it replaces, 0 for a new one."""
        said = self.cleaned_data
        apart = sorted({name.strip() for name in said["excludes"].split(",") if name.strip()})
        replaces = version(said["post"])
        return {**said, "rights": sorted(said["rights"]), "excludes": apart, "replaces": replaces}


def latest(name: str) -> Post | None:
    """Return the latest version of a post, or None where there never was one."""
    return Post.objects.filter(name=name).order_by("-version").first()


def version(name: str) -> int:
    """Return the number of the latest version of a post, 0 where there never was one."""
    found = latest(name)
    return found.version if found else 0


class PostChange(NobodysPay):
    """A post. Payload: {"post": "treasurer", "rights": […], "excludes": […], "seats": 1, "term_days": 1095,
    "abolished": false, "replaces": 1}.
    """  # noqa: D205 - one sentence is the payload

    name = "post_change"
    label = gettext_lazy("A post: its rights, seats and term")
    form_class = NewPost

    def problems(self, payload: Payload) -> list[Refusal]:
        """Return what makes a payload unfit to be proposed."""
        if set(payload) != {*PARTS, "replaces"} or not _fits(payload):
            words = _("Say the name, the rights, the seats and the term of a post, and nothing beside them.")
            return [Refusal(words, rule="3.1")]
        old = latest(str(payload["post"]))
        if payload["replaces"] != (old.version if old else 0):
            return [Refusal(_("The post has changed since: look at it again."), rule="P3")]
        if not _says_something(old, payload):
            return [Refusal(_("This is the post as it is."))]
        return self._both(payload) + self._alone(payload)

    def _both(self, payload: Payload) -> list[Refusal]:
        if payload["abolished"] or not set(cast("list[str]", payload["rights"])) >= CHECKED:
            return []
        words = _("No post both handles money and checks the books: nobody checks what they did themselves.")
        return [Refusal(words, rule="D8", appeal=_("Give one of the two rights to another post."))]

    def _alone(self, payload: Payload) -> list[Refusal]:
        right = left_alone(payload)
        if right is None:
            return []
        words = _("Then nobody could do this any more, or one person alone: %(right)s.")
        return [
            Refusal(words % {"right": Right(right).label}, rule="D8", appeal=_("Give the right to another post first."))
        ]

    def subject(self, payload: Payload) -> str:
        """Return the post."""
        return f"post:{payload['post']}"

    def rule_key(self, payload: Payload) -> str:
        """Return N15 where rights or separation change, or a post comes or goes; N14 for seats and terms alone."""
        old = latest(str(payload["post"]))
        same = old is not None and not old.abolished and not payload["abolished"]
        if same and old and (sorted(old.rights), sorted(old.excludes)) == (payload["rights"], payload["excludes"]):
            return "N14"
        return "N15"

    def describe(self, payload: Payload) -> str:
        """Return the post as it would be."""
        name = payload["post"]
        if payload["abolished"]:
            return _("The post “%(post)s” is abolished: its terms end on that day, and its rights with them.") % {
                "post": name
            }
        rights = "; ".join(str(Right(right).label) for right in cast("list[str]", payload["rights"]))
        words = _(
            "%(post)s: %(rights)s. Seats: %(seats)s. Days of a term: %(days)s. Nobody holds beside it: %(apart)s."
        )
        apart = ", ".join(cast("list[str]", payload["excludes"])) or _("nothing named")
        return words % {
            "post": name, "rights": rights, "seats": payload["seats"], "days": payload["term_days"], "apart": apart,
        }  # fmt: skip

    def enact(self, mandate: Mandate, payload: Payload, at: datetime) -> None:
        """Write the new version; raise Stale when another came before it."""
        name = str(payload["post"])
        expect(payload, latest=version(name))
        facts: dict[str, Any] = {part: payload[part] for part in PARTS if part != "post"}
        made = Post.objects.create(name=name, version=version(name) + 1, mandate=mandate, since=at, **facts)
        subject = f"post:{name.replace(' ', '_')}"
        events.write("posts.changed", by=None, subject=subject, at=at, version=made.version)


def left_alone(payload: Payload) -> str | None:
    """Return a right that too few could use if a post became this, as handles_money; None if none."""
    rights = [] if payload["abolished"] else payload["rights"]
    with connection.cursor() as cursor:
        facts: list[Any] = [payload["post"], json.dumps(rights), payload["seats"]]
        cursor.execute("SELECT governance_right_left_alone(%s, %s, %s)", facts)
        (right,) = cursor.fetchone()
    return None if right is None else str(right)


def _says_something(old: Post | None, payload: Payload) -> bool:
    if old is None or old.abolished:
        return not payload["abolished"]
    facts = (sorted(old.rights), sorted(old.excludes), old.seats, old.term_days, old.abolished)
    return facts != tuple(payload[part] for part in PARTS if part != "post")


def _fits(payload: Payload) -> bool:
    known, names = set(Right.values), {post.name for post in offices.every()}
    return (
        isinstance(payload["post"], str)
        and bool(NAME.fullmatch(payload["post"]))
        and _is_set(payload["rights"], known)
        and bool(payload["rights"])
        and _is_set(payload["excludes"], names - {payload["post"]})
        and _whole(payload["seats"], MOST_SEATS)
        and _whole(payload["term_days"], LONGEST_TERM_DAYS)
        and isinstance(payload["abolished"], bool)
    )


def _is_set(said: object, known: set[str]) -> bool:
    return isinstance(said, list) and said == sorted(set(said)) and set(said) <= known


def _whole(said: object, most: int) -> bool:
    return isinstance(said, int) and not isinstance(said, bool) and 1 <= said <= most
