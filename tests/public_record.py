"""The public record as anybody downloads it."""

import time

from django.test import Client as Browser
from django.urls import reverse


def holding(kind: str) -> bytes:
    """Return it once an event of this kind stands in it; what else runs on the server can keep an event waiting."""
    for _try in range(1800):
        found = b"".join(Browser().get(reverse("record_download")))
        if kind.encode() in found:
            return found
        time.sleep(0.1)
    raise AssertionError(kind)
