"""The frames that a task shows of a video: those of its file (`tasks.media`), or fewer, at the step its form asks for.

What a step shows is the first frame in each of its spans, and each step is a multiple of the shorter ones: a video is
cut once, as often as a hundred frames let it, and may be asked of at any longer step.
"""

from collections.abc import Iterator

from django.utils.formats import number_format
from django.utils.translation import gettext as _

from coop.refusals import Text
from tasks.media.bounds import FRAMES, STEPS
from tasks.shapes.shape import Json

# Seconds from one frame to the next that a form may ask for.
EVERY = [step / 1_000 for step in STEPS]
# Where a task's data hold which moments of the video its frames are, and how large both are in pixels.
MOMENTS = "frames_of_video"
LEAST = 2


def _numbers(facts: Json, every: float | None) -> list[int]:
    """Return which frames of a file are shown at a step, by their place in it; as often as it was cut without one."""
    step = round((every or facts["every"]) * 1_000)
    firsts: dict[int, int] = {}
    for number, (second, _start, _bytes) in enumerate(facts["frames"]):
        firsts.setdefault(round(second * 1_000) // step, number)
    return [*firsts.values()]


def pictures(file: Json, every: float | None) -> list[Json]:
    """Return the frames of a video as images of their own, in the order of time."""
    facts = file["facts"]
    size = {"width": facts["width"], "height": facts["height"]}
    addresses = (f"{file.get('address', '')}{number}/" for number in _numbers(facts, every))
    return [{"kind": "image", "address": one, "small": one, "facts": size} for one in addresses]


def moments(file: Json, every: float | None) -> Json:
    """Return the second of each frame, the size of a frame and that of the video, in pixels."""
    facts = file["facts"]
    seconds = [facts["frames"][number][0] for number in _numbers(facts, every)]
    sizes = {name: facts[name] for name in ("width", "height", "video_width", "video_height")}
    return {"seconds": seconds, **sizes}


def problems(facts: Json, every: float | None) -> Iterator[Text]:
    """Yield why a video cannot be shown at a step."""
    if every and every < facts["every"]:
        words = _("The video makes more than %(most)d frames at one every %(every)s seconds: take at least %(least)s.")
        yield words % {"most": FRAMES, "every": _told(every), "least": _told(facts["every"])}
    elif len(_numbers(facts, every)) < LEAST:
        yield _("The video makes one frame alone at one every %(every)s seconds: take fewer.") % {
            "every": _told(every or facts["every"])
        }


def _told(seconds: float) -> str:
    """Return a step as the reader writes numbers."""
    return number_format(f"{seconds:g}")
