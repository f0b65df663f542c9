"""A recording that the task names as `audio`: all its words, or segments with their labels."""

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from coop.refusals import Text
from tasks.shapes import checking, media, merging, overlaps
from tasks.shapes.image import LABELS, LABELS_HELP
from tasks.shapes.shape import (
    LONGEST_TEXT,
    Distance,
    Json,
    Lines,
    Shape,
    Together,
    drawing,
    in_rows,
    marks_or_nothing,
    obj,
    sent,
)

MOST_SEGMENTS = 500
# Characters of the words of one segment, and of all together: ten minutes of speech are a tenth of that.
LONGEST_WORDS, MOST_WORDS = 2_000, 100_000
HOUR = 3_600
# What a player may round the end of a recording up to.
SLACK = 0.05
CHANNELS: dict[str, Text] = {
    "both": gettext_lazy("Both channels"), "left": gettext_lazy("Left channel"), "right": gettext_lazy("Right channel"),
}  # fmt: skip
SPEEDS = (("0.75", "0.75"), ("1", "1"), ("1.25", "1.25"), ("1.5", "1.5"))


def heard(data: Json) -> Json:
    """Return the recording as its template plays it: with the waveform as a path of 100 steps of height."""
    found = media.file(data, data.get("audio"))
    peaks = found.get("facts", {}).get("peaks", [])
    path = "".join(f"M{place},{50 - peak / 2:g}v{peak or 1}" for place, peak in enumerate(peaks))
    return {**found, "path": path, "count": len(peaks), "speeds": SPEEDS, "stereo": is_stereo(found)}


def is_stereo(file: Json) -> bool:
    """Tell whether a recording has two channels that differ; those read before 0261 have one."""
    return bool(file.get("facts", {}).get("channels", 1) > 1)


class Transcription(Shape):
    """Write down what is said in a recording, or that nothing is."""

    name = "transcription"
    label = gettext_lazy("Writing down a recording")
    picture = "M4 14v4M10 10v12M16 4v24M22 9v14M28 13v6M34 7v18M40 12v8M46 15v2"
    draws = frozenset({"audio"})
    files = {"audio": "sound"}
    script = "tasks/recording.js"
    style = "tasks/recording.css"

    def schema(self, form: Json) -> Json:
        """Return the JSON Schema of a value."""
        text = {"type": "string", "maxLength": LONGEST_TEXT}
        return obj({"text": text, "nothing": {"type": "boolean"}}, optional=("nothing",))

    def read(self, form: Json, data: Json, post: QueryDict) -> Json:
        """Return the words."""
        text = post.get("text", "").strip()
        return {"text": text, "nothing": True} if "nothing" in post else {"text": text}

    def problems(self, form: Json, data: Json, value: Json) -> list[Text]:
        """Return what is missing."""
        if value["text"].strip() and value.get("nothing"):
            return [_("There are words, so that there is something to be heard.")]
        if value["text"].strip() or value.get("nothing"):
            return []
        return [_("Write down what is said, or say that there are no words.")]

    def agrees(self, form: Json) -> bool:
        """Tell that words written down are seldom the same to the letter."""
        return False

    def agreement_key(self, value: Json) -> str | None:
        """Return nothing: members check words."""
        return None

    def page(self, form: Json, data: Json, value: Json, seed: int) -> Json:
        """Return the recording."""
        return {**super().page(form, data, value, seed), "audio": heard(data)}

    def columns(self, form: Json) -> list[str]:
        """Return the one column of words."""
        return ["text"]

    def cells(self, form: Json, value: Json) -> list[str]:
        """Return the words."""
        return [value["text"]]

    def parts(self, form: Json) -> dict[str, Text]:
        """Return the one part of a transcription."""
        return {"text": _("The words")}


class Segments(Shape):
    """Mark from when to when something is heard in a recording: each segment with a label.

    Where the form asks for them, each has its words, and the channel in which it is heard. Segments may overlap, as
    people speak at the same time; times are seconds from the start.
    """

    name = "segments"
    label = gettext_lazy("Segments of a recording")
    picture = "M4 9v2M10 6v8M16 3v14M22 6v8M28 8v4M34 4v12M40 7v6M6 25h14M26 25h16M6 22v6M20 22v6M26 22v6M42 22v6"
    asks = {"labels": LABELS, "words": {"type": "boolean"}, "channels": {"type": "boolean"}}
    needs = ("labels",)
    draws = frozenset({"audio"})
    files = {"audio": "sound"}
    script = "tasks/recording.js"
    style = "tasks/recording.css"
    longest = 200_000

    def fields(self) -> dict[str, forms.Field]:
        """Return the fields of labels, words and channels."""
        return {
            "labels": Lines(label=gettext_lazy("Labels"), help_text=LABELS_HELP),
            "words": forms.BooleanField(label=gettext_lazy("Members write down the words"), required=False),
            "channels": forms.BooleanField(
                label=gettext_lazy("Members say in which channel of a recording each is heard"), required=False
            ),
        }

    def written(self, said: Mapping[str, Any]) -> Json:
        """Return labels and whether words and channels are asked for."""
        channels = {"channels": True} if said.get("channels") else {}
        return {"labels": said["labels"], "words": bool(said["words"]), **channels}

    def schema(self, form: Json) -> Json:
        """Return the JSON Schema of a value."""
        segments = {"type": "array", "items": self._segment(form), "maxItems": MOST_SEGMENTS}
        return obj({"segments": segments, "nothing": {"type": "boolean"}}, optional=("nothing",))

    def _segment(self, form: Json) -> Json:
        time = {"type": "number", "minimum": 0, "maximum": HOUR}
        words = {"words": {"type": "string", "maxLength": LONGEST_WORDS}} if form.get("words") else {}
        channel = {"channel": {"type": "string", "enum": [*CHANNELS]}} if form.get("channels") else {}
        label = {"type": "string", "enum": form["labels"]}
        return obj({"from": time, "to": time, "label": label, **channel, **words}, optional=("words",))

    def read(self, form: Json, data: Json, post: QueryDict) -> Json:
        """Return what the widget wrote, or the rows that say a time."""
        found = sent(post, self.longest)
        if found is None:
            found = {"segments": list(_rows(form, post)), "nothing": "nothing" in post}
        return drawing(found, "segments", self._segment(form))

    def problems(self, form: Json, data: Json, value: Json) -> list[Text]:
        """Return what is missing, and which segment ends before it begins or after the recording."""
        if checking.faults(self.schema(form), value):
            return []  # said by the schema
        segments = value["segments"]
        if not segments and not value.get("nothing"):
            return [_("Mark at least one segment, or say that there is none.")]
        if segments and value.get("nothing"):
            return [_("There are segments, so that there is something to be heard.")]
        if sum(len(one.get("words", "")) for one in segments) > MOST_WORDS:
            return [_("All words together have at most %(most)s characters.") % {"most": f"{MOST_WORDS:,}"}]
        return list(_faults(form, segments, media.file(data, data.get("audio"))))

    def elements(self, value: Json) -> list[Json]:
        """Return the segments."""
        segments: list[Json] = value["segments"]
        return segments

    def agrees(self, form: Json) -> bool:
        """Tell that no two segments begin at the same moment."""
        return False

    def agreement_key(self, value: Json) -> str | None:
        """Return nothing: members check segments."""
        return None

    def together(self, form: Json, values: Sequence[Json]) -> Together | None:
        """Return the segments that more than half of the answers have, each as the one closest to the others set it.

        None where words are asked for: those are for whoever checks an answer.
        """
        if form.get("words"):
            return None
        found = merging.merged([one["segments"] for one in values], overlaps.stretches)
        kept = [overlaps.closest(group, overlaps.stretches) for group in found.groups]
        kept.sort(key=lambda one: (one["from"], one["to"]))
        return Together(marks_or_nothing("segments", kept), found.agreement)

    def distance(self, form: Json) -> Distance | None:
        """Return how far segments cover each other, where they merge."""
        return merging.distance("segments", overlaps.stretches) if self.merges(form) else None

    def page(self, form: Json, data: Json, value: Json, seed: int) -> Json:
        """Return the recording, the segments where they lie on it, and rows for a table."""
        audio, segments = heard(data), value.get("segments", [])
        seconds = audio.get("facts", {}).get("seconds", 1)
        drawn = [
            {**one, "number": number, "colour": _place(form["labels"], one["label"]) % 8,
             "heard": CHANNELS.get(one.get("channel", ""), ""),
             "x": one["from"] / seconds * audio["count"], "width": (one["to"] - one["from"]) / seconds * audio["count"]}
            for number, one in enumerate(segments, 1)
        ]  # fmt: skip
        return {
            **super().page(form, data, value, seed),
            "audio": audio, "labels": form["labels"], "words": bool(form.get("words")), "drawn": drawn,
            "channels": [*CHANNELS.items()] if form.get("channels") else [],
            "rows": in_rows(segments, 5),
            "json": json.dumps(value or {"segments": []}),
        }  # fmt: skip

    def columns(self, form: Json) -> list[str]:
        """Return the one column of segments."""
        return ["segments"]

    def cells(self, form: Json, value: Json) -> list[str]:
        """Return the segments as JSON."""
        return [json.dumps(value["segments"], ensure_ascii=False)]

    def parts(self, form: Json) -> dict[str, Text]:
        """Return what of segments may be wrong."""
        return {"segments": _("A segment or its times"), "labels": _("A label"), "words": _("The words"),
                "channels": _("The channel")}  # fmt: skip


def _place(labels: list[str], label: str) -> int:
    return labels.index(label) if label in labels else 0


def _rows(form: Json, post: QueryDict) -> Iterator[Json]:
    """Yield the segments that rows of fields say."""
    fields = [post.getlist(name) for name in ("from", "to", "label")]
    said = post.getlist("words") or [""] * len(fields[0])
    channels = post.getlist("channel") or [""] * len(fields[0])
    for start, stop, label, words, channel in zip(*fields, said, channels, strict=False):
        try:
            times = {"from": float(start), "to": float(stop)}
        except ValueError:
            continue
        if not all(map(math.isfinite, times.values())):
            continue
        heard = {"channel": channel} if form.get("channels") else {}
        yield {**times, "label": label, **heard, **({"words": words.strip()} if form.get("words") else {})}


def _faults(form: Json, segments: list[Json], audio: Json) -> Iterator[Text]:
    end = audio["facts"]["seconds"] + SLACK
    for number, one in enumerate(segments, 1):
        if one["from"] >= one["to"]:
            yield _("Segment %(number)d ends before it begins.") % {"number": number}
        elif one["to"] > end:
            yield _("Segment %(number)d ends after the recording.") % {"number": number}
        elif one.get("channel", "both") != "both" and not is_stereo(audio):
            yield _("Segment %(number)d is in one of two channels, and the recording has one.") % {"number": number}
        elif form.get("words") and not one.get("words", "").strip():
            yield _("Segment %(number)d needs its words.") % {"number": number}
