"""One small file for each image, as ZIP: Pascal VOC's XML and KITTI's labels.

Sources: Everingham et al., "The PASCAL Visual Object Classes Challenge" (devkit); Geiger et al., KITTI object devkit.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from zipfile import ZIP_DEFLATED, ZipFile

from lxml import etree

from tasks.formats import images, labels, parquet
from tasks.formats.images import Drawn
from tasks.models import Release
from tasks.shapes import Json

# What KITTI says of a thing whose place in space nobody measured.
UNMEASURED = "-1 -1 -1 -1000 -1000 -1000 -10"


def voc(release: Release) -> Iterator[bytes]:
    """Yield a ZIP of Annotations/NUMBER.xml; boxes in whole px from 1, as the devkit counts."""
    return _zip(release, lambda one: (f"Annotations/{one.number:06d}.xml", _xml(one)))


def kitti(release: Release) -> Iterator[bytes]:
    """Yield a ZIP of label_2/NUMBER.txt; what lies in space is left unmeasured."""
    return _zip(release, lambda one: (f"label_2/{one.number:06d}.txt", "".join(map(_line, one.shapes)).encode()))


def _zip(release: Release, file: Callable[[Drawn], tuple[str, bytes]]) -> Iterator[bytes]:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "all.zip"
        with ZipFile(path, "w", ZIP_DEFLATED) as packing:
            names = []
            for one in images.drawn(release):
                packing.writestr(*file(one))
                names.append(f"{one.number:06d} {one.image}\n")
            packing.writestr("images.txt", "".join(names))
        yield from parquet.pieces(path)


def _line(shape: Json) -> str:
    left, top, width, height = images.box(shape)
    label = labels.one_word(shape["label"])
    return f"{label} 0.00 0 -10 {left:.2f} {top:.2f} {left + width:.2f} {top + height:.2f} {UNMEASURED}\n"


def _xml(one: Drawn) -> bytes:
    root = etree.Element("annotation")
    _put(root, {"filename": one.image})
    _put(etree.SubElement(root, "size"), {"width": one.width, "height": one.height, "depth": 3})
    for shape in one.shapes:
        left, top, width, height = images.box(shape)
        thing = etree.SubElement(root, "object")
        _put(thing, {"name": shape["label"], "pose": "Unspecified", "truncated": 0, "difficult": 0})
        ends = {"xmin": left + 1, "ymin": top + 1, "xmax": left + width, "ymax": top + height}
        _put(etree.SubElement(thing, "bndbox"), {name: round(value) for name, value in ends.items()})
    written: bytes = etree.tostring(root, pretty_print=True)
    return written


def _put(node: "etree._Element", texts: dict[str, object]) -> None:
    for name, text in texts.items():
        etree.SubElement(node, name).text = str(text)
