"""Lists of the API that can grow: a page at a time, each with the way to the next, as fast at any depth."""

from functools import cache
from typing import Any

from django.core.exceptions import ValidationError
from django.db import DataError
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.pagination import CursorPagination

CURSOR = OpenApiParameter("cursor", str, description="Out of `next` or `previous`.")


class Newest(CursorPagination):
    """Pages of 50, the newest first."""

    ordering: Any = "-id"
    page_size = 50

    def paginate_queryset(self, *args: Any, **kwargs: Any) -> list[Any] | None:
        """Return a page. Raises NotFound for a cursor that is none of ours: what stands in it, nobody else checks."""
        try:
            return super().paginate_queryset(*args, **kwargs)
        except (ValueError, ValidationError, DataError) as error:
            raise NotFound(self.invalid_cursor_message) from error


class InOrder(Newest):
    """Pages of 50, in the order of the tasks."""

    ordering = "position"


class ByTask(Newest):
    """Pages of 50 of what stands at tasks, in the order in which they came."""

    ordering = "task_id"


class ByDeadline(Newest):
    """Pages of 50 of answers, those first that silence accepts first."""

    ordering = ("accept_by", "id")


class Page(serializers.Serializer[Any]):
    """A page of a list: `next` leads to those after it, `previous` to those before."""

    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)


@cache
def page_of(shape: type[serializers.BaseSerializer[Any]]) -> type[Page]:
    """Return the form of a page of these, for the schema."""
    name = f"{shape.__name__.removesuffix('Out').removesuffix('Line')}Page"
    return type(name, (Page,), {"results": shape(many=True), "__doc__": "A page of a list."})
