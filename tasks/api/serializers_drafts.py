"""What the API says of a job that is being written, part by part."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from tasks.api.serializers import SumField, TaxField

LONGEST_WORDS, MOST_CHOSEN = 20_000, 100


class FindingOut(serializers.Serializer[Any]):
    """Something to look at again, in which step; `stops` where no job can be made before it is mended."""

    step = serializers.CharField()
    words = serializers.CharField()
    stops = serializers.BooleanField()


class PriceOut(serializers.Serializer[Any]):
    """What something costs at most, in US$."""

    wages = SumField()
    fee = SumField()
    checks = SumField()
    floor = SumField()
    tax = TaxField()
    total = SumField()


class DaysOut(serializers.Serializer[Any]):
    """In how many days the answers may come, at the pace of the last week and of four, and by how many answers."""

    least = serializers.IntegerField()
    most = serializers.IntegerField()
    answers = serializers.IntegerField()


class WhoMayOut(serializers.Serializer[Any]):
    """Who may do the work, as the members voted for its kind (N9): after `units` accepted answers of another kind."""

    language = serializers.CharField()
    units = serializers.IntegerField()
    of = serializers.CharField(source="of.slug", allow_null=True)


@extend_schema_field({
    "oneOf": [{"type": "string", "maxLength": LONGEST_WORDS}, {
        "type": "array", "maxItems": MOST_CHOSEN, "items": {"type": "string", "maxLength": LONGEST_WORDS},
    }],
})  # fmt: skip
class WordsField(serializers.CharField):
    """What one field is filled in with: a text, or a list of them where several things are chosen."""

    def to_internal_value(self, data: Any) -> Any:  # noqa: ANN401 - DRF's own
        """Return the text, or the list of texts."""
        if not isinstance(data, list):
            return super().to_internal_value(data)
        if len(data) > MOST_CHOSEN:
            message = f"At most {MOST_CHOSEN} are chosen."
            raise serializers.ValidationError(message)
        return [super(WordsField, self).to_internal_value(one) for one in data]


class ProblemOut(serializers.Serializer[Any]):
    """What is wrong with a line."""

    line = serializers.IntegerField()
    problem = serializers.CharField(source="words")


class RowOut(serializers.Serializer[Any]):
    """A row as it is read."""

    line = serializers.IntegerField()
    id = serializers.CharField(source="external_id")
    data = serializers.DictField()  # type: ignore[assignment]  # DRF takes it off the class


class SampleOut(serializers.Serializer[Any]):
    """The first rows of what was brought, and the problems among them."""

    rows = RowOut(many=True)
    problems = ProblemOut(many=True)
