"""Images, decoded by Pillow within a bound of pixels and written again upright and without metadata."""

from pathlib import Path
from typing import Any

from PIL import Image, ImageOps, UnidentifiedImageError

from tasks.media.bounds import PIXELS, Unfit

FORMATS = ("PNG", "JPEG", "WEBP", "BMP")
SMALL = 1024
# WebP knows no longer side.
WEBP_MOST = 16_383
QUALITY, SMALL_QUALITY = 88, 75


def write(source: Path, folder: Path) -> dict[str, Any]:
    """Write the image and its small version into `folder`; return what they are. Raise Unfit for what is no image."""
    image = _read(source)
    width, height = image.size
    kind = "webp" if max(image.size) <= WEBP_MOST else "jpeg"
    shown = image if kind == "webp" else image.convert("RGB")
    shown.save(folder / "whole", kind.upper(), quality=QUALITY)
    image.thumbnail((SMALL, SMALL))
    image.save(folder / "small", "WEBP", quality=SMALL_QUALITY)
    return {"kind": "image", "content_type": f"image/{kind}", "facts": {"width": width, "height": height}}


def _read(source: Path) -> Image.Image:
    """Return the one picture of a file, upright, as RGB or RGBA with nothing else in it."""
    # The bound is asked before a pixel is decoded; Pillow's own is only a warning up to its double.
    Image.MAX_IMAGE_PIXELS = None
    try:
        with Image.open(source, formats=FORMATS) as image:
            _refuse_more_than_one_picture(image)
            image.load()
            return _plain(ImageOps.exif_transpose(image))
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError) as error:
        raise Unfit(problem="broken") from error


def _refuse_more_than_one_picture(image: Image.Image) -> None:
    if image.width * image.height > PIXELS:
        raise Unfit(problem="pixels", width=image.width, height=image.height, most=PIXELS // 1_000_000)
    if getattr(image, "n_frames", 1) > 1:
        raise Unfit(problem="moving")


def _plain(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I"):  # 16 bits a pixel, as depth cameras write
        image = image.convert("I").point(lambda value: value / 256).convert("L")
    see_through = image.mode in {"RGBA", "LA", "PA"} or "transparency" in image.info
    plain = image.convert("RGBA" if see_through else "RGB")
    plain.info.clear()
    return plain
