"""The policies this cooperative has: what a vote can change, as GOVERNANCE_POLICIES lists them."""

from functools import cache

from django.conf import settings
from django.http import Http404
from django.utils.module_loading import import_string

from governance.policy import Policy


@cache
def load(path: str) -> Policy:
    """Return the policy at a dotted path, made once; ImportError if there is none."""
    policy: Policy = import_string(path)()
    return policy


def known() -> list[Policy]:
    """Return every policy in the order of the settings."""
    return [load(path) for path in settings.GOVERNANCE_POLICIES]


def find(name: str) -> Policy:
    """Return the policy of this name; Http404 when nothing of that kind can be voted."""
    for policy in known():
        if policy.name == name:
            return policy
    message = f"no policy is called {name!r}"
    raise Http404(message)
