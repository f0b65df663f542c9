"""Numbers of the constitution that are no rule's own, as they apply at a moment (part 8)."""

from datetime import datetime

from governance.models import Parameter


def value(name: str, at: datetime) -> int:
    """Return a number as it applies at a moment; shares are in parts of WHOLE. The database asks the same."""
    versions = Parameter.objects.filter(name=name, applies_from__lte=at).order_by("-version")
    return versions.values_list("value", flat=True)[:1].get()
