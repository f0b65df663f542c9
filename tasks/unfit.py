"""What is wrong with a file that is not taken, in words for its client."""

from typing import Any

from django.utils.translation import gettext_lazy

from coop.refusals import Text
from tasks import outside

PROBLEMS: dict[str, Text] = {
    "unknown": gettext_lazy(
        "It is no image (PNG, JPEG, WebP, BMP), recording (WAV, FLAC, Ogg, MP3), video (MP4, WebM, MOV), point cloud"
        " (KITTI .bin, PCD, Scale's JSON) or zip."
    ),
    "broken": gettext_lazy("It cannot be read to its end. Open it on your side and save it again."),
    "pixels": gettext_lazy(
        "It has %(width)d by %(height)d pixels; at most %(most)d million are read. Cut it in parts."
    ),
    "moving": gettext_lazy("It holds several pictures. Send each as an image of its own."),
    "sound_format": gettext_lazy("A recording is WAV, FLAC, Ogg or MP3 with one or two channels."),
    "long": gettext_lazy("It is longer than %(minutes)d minutes. Cut it in parts, one for each task."),
    "silent": gettext_lazy("It holds no sound."),
    "video_format": gettext_lazy("Its pictures are packed in a way that is not read. Save it as MP4 with H.264."),
    "video_pixels": gettext_lazy("Its frames have %(width)d by %(height)d pixels; at most %(most)d million are read."),
    "still": gettext_lazy("It holds no moving picture."),
    "slow": gettext_lazy("It takes too much time to be read. Save it smaller, or cut it in parts."),
    "points": gettext_lazy("It has %(points)d points; at most %(most)d are read."),
    "nowhere": gettext_lazy("It has no point within ten kilometres."),
    "pcd_packed": gettext_lazy("Its points are packed in a way that is not read. Save it as PCD with DATA binary."),
    "archive_broken": gettext_lazy("The zip cannot be unpacked. Pack it again in the usual way (deflate)."),
    "archive_locked": gettext_lazy("The zip asks for a password. Pack it without one."),
    "archive_empty": gettext_lazy("The zip holds no file."),
    "nested": gettext_lazy("A zip within a zip is not unpacked. Put its files in the outer one."),
    "members": gettext_lazy("It makes %(count)d files; at most %(most)d come in one delivery. Send several."),
    "member_large": gettext_lazy("%(name)s in it is larger than %(most)d MB."),
    "unpacked": gettext_lazy("Unpacked it is larger than %(most)d MB. Send several."),
    "outside": gettext_lazy("The name “%(name)s” in it leads out of the zip, or is too long. Name files plainly."),
    "name": gettext_lazy("A file is named with an ending, as 000001.png, in at most 200 characters."),
    "twice": gettext_lazy("The delivery holds two files of this name."),
    "known": gettext_lazy("The job has a file of this name already. Files stay as they are; choose another name."),
    "full": gettext_lazy("Your organisation keeps as much here as it may. Nothing more is kept."),
    "hours": gettext_lazy(
        "All files together took %(hours)d hours to be read, and this one was not. Send fewer at once."
    ),
    "frames_large": gettext_lazy("Its frames take more than %(most)d MB together. Save it smaller."),
    "turned": gettext_lazy(
        "Its pictures are turned by part of a right angle, or stretched. Save it as it is to be seen."
    ),
    **{f"door_{why}": said for why, said in outside.OUTSIDE.items()},
    "late": gettext_lazy("The job was closed before its files were read. Post a new job for them."),
}


def words(problem: Any) -> str:  # noqa: ANN401 - as the database keeps it
    """Return what is wrong with a file, in the reader's language."""
    said: str = str(PROBLEMS[problem["problem"]]) % problem
    return said
