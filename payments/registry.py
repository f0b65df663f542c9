"""The instruments in force as they are read: each with its version, its day, the vote behind it, and what it changed.

Whatever decides pay and access is here (D3), but for the rates, which have their card.
"""

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from itertools import groupby
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from governance import policies
from governance.models import Mandate
from governance.rulebook import Entry, Version
from payments import instruments
from payments.models import Fee, Instrument, Kind
from payments.policies import fees, versions

# What no vote changes, what it is called and what it says: the database knows one value of each.
FIXED: Mapping[str, tuple[Promise, Promise]] = {
    Kind.CURRENCY: (gettext_lazy("The currency of pay"), gettext_lazy("US dollars")),
    Kind.BONUS: (gettext_lazy("A bonus for many units"), gettext_lazy("none")),
    Kind.CLIENT_BLOCK: (
        gettext_lazy("Keeping a member from a client's work"),
        gettext_lazy("only after a hearing"),
    ),
}


def entries() -> list[Entry]:
    """Return every instrument with all its versions, the fee first, the others in the order of their kinds."""
    known = list(Instrument.objects.select_related("mandate__proposal").order_by("kind", "key", "version"))
    names, skills = versions.names(one.key for one in known), instruments.skills_named()
    grouped = [list(rows) for _of, rows in groupby(known, key=lambda one: (one.kind, one.key))]
    grouped.sort(key=lambda rows: Kind.values.index(rows[0].kind))
    return [*_fee(), *(_instrument(rows, names[rows[0].key], skills) for rows in grouped)]


def _fee() -> list[Entry]:
    known = Fee.objects.select_related("mandate__proposal").order_by("version")
    read = [(fees.words(fee), fee.version, fee.mandate, fee.since) for fee in known]
    return [_entry("fee", _("The fee on top of wages"), read)] if read else []


def _instrument(rows: list[Instrument], about: str, skills: Mapping[int, str]) -> Entry:
    kind = rows[0].kind
    read = [(_words(kind, json.loads(one.value), skills), one.version, one.mandate, one.since) for one in rows]
    label = str(FIXED[kind][0] if kind in FIXED else policies.find(kind).label)
    key = f"{kind}-{rows[0].key}" if about else kind
    return _entry(key, f"{label} ({about})" if about else label, read)


def _words(kind: str, value: Mapping[str, Any], skills: Mapping[int, str]) -> str:
    if kind == Kind.QUALIFICATION and "skills" in value:
        return versions.asking(value, skills)
    policy = None if kind in FIXED else policies.find(kind)
    return policy.words(value) if isinstance(policy, versions.NewVersion) else str(FIXED[kind][1])


def _entry(key: str, title: str, read: Iterable[tuple[str, int, Mandate, datetime]]) -> Entry:
    made: list[Version] = []
    for says, number, mandate, since in read:
        changes = [_("%(old)s to %(new)s") % {"old": made[-1].says, "new": says}] if made else []
        published = mandate.proposal.published_at if mandate.proposal else None
        made.append(Version(number, says, published or since, since, mandate, changes))
    return Entry(key, title, made[-1], None, made[-2::-1])
