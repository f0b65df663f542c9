"""Answers that say by an ETag whether they are still the same: who has one already gets 304 and no body."""

from collections.abc import Callable
from typing import Any

from django.http.response import HttpResponseBase
from django.views.decorators.http import conditional_page
from rest_framework.views import APIView


class Unchanged(APIView):
    """A view whose answers have an ETag."""

    @classmethod
    def as_view(cls, **initkwargs: Any) -> Callable[..., HttpResponseBase]:  # type: ignore[override]  # wrapped
        """Return the view, which says by an ETag whether its answer is still the same."""
        return conditional_page(super().as_view(**initkwargs))
