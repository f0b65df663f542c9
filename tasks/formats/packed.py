"""One small file for each image, as ZIP: Pascal VOC's XML and KITTI's labels.

What is said of a shape and what is written there stands in VOC as `attributes`, as CVAT writes them; a line of KITTI
has no place for it.

Sources: Everingham et al., "The PASCAL Visual Object Classes Challenge" (devkit); Geiger et al., KITTI object devkit.
"""

import json
import re
from collections.abc import Callable, Iterator
from tempfile import TemporaryFile

from lxml import etree

from tasks.formats import images, labels, zipped
from tasks.formats.images import Drawn
from tasks.formats.zipped import Entry
from tasks.models import Release
from tasks.shapes import Json, attributes

# What KITTI says of a thing whose place in space nobody measured.
UNMEASURED = "-1 -1 -1 -1000 -1000 -1000 -10"
BESIDE = ("attributes", "words")
# Characters that no XML has, though somebody may have typed them.
NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def voc(release: Release) -> Iterator[bytes]:
    """Yield a ZIP of Annotations/NUMBER.xml; boxes in whole px from 1, as the devkit counts."""
    form = release.job.form
    return _zip(release, lambda one: {f"Annotations/{one.number:06d}.xml": _xml(form, one)})


def kitti(release: Release) -> Iterator[bytes]:
    """Yield a ZIP of label_2/NUMBER.txt; what lies in space is left unmeasured.

    beside/NUMBER.jsonl has, where anything is, what is said of each line of it and written there.
    """
    return _zip(release, _kitti)


def _kitti(one: Drawn) -> dict[str, bytes]:
    lines = {f"label_2/{one.number:06d}.txt": "".join(map(_line, one.shapes)).encode()}
    said = [{name: shape[name] for name in BESIDE if shape.get(name)} for shape in one.shapes]
    beside = "".join(f"{json.dumps(it, ensure_ascii=False)}\n" for it in said)
    return lines | ({f"beside/{one.number:06d}.jsonl": beside.encode()} if any(said) else {})


def _zip(release: Release, files: Callable[[Drawn], dict[str, bytes]]) -> Iterator[bytes]:
    return zipped.packed(_entries(release, files), at=release.asked_at)


def _entries(release: Release, files: Callable[[Drawn], dict[str, bytes]]) -> Iterator[Entry]:
    with TemporaryFile() as names:
        for one in images.drawn(release):
            yield from ((name, [content]) for name, content in files(one).items())
            names.write(f"{one.number:06d} {one.image}\n".encode())
        names.seek(0)
        yield "images.txt", names


def _line(shape: Json) -> str:
    left, top, width, height = images.box(shape)
    label = labels.one_word(shape["label"])
    return f"{label} 0.00 0 -10 {left:.2f} {top:.2f} {left + width:.2f} {top + height:.2f} {UNMEASURED}\n"


def _xml(form: Json, one: Drawn) -> bytes:
    root = etree.Element("annotation")
    _put(root, {"filename": one.image})
    _put(etree.SubElement(root, "size"), {"width": one.width, "height": one.height, "depth": 3})
    for shape in one.shapes:
        _put_thing(etree.SubElement(root, "object"), form, shape)
    written: bytes = etree.tostring(root, pretty_print=True)
    return written


def _put_thing(thing: "etree._Element", form: Json, shape: Json) -> None:
    left, top, width, height = images.box(shape)
    _put(thing, {"name": shape["label"], "pose": "Unspecified", "truncated": 0, "difficult": 0})
    ends = {"xmin": left + 1, "ymin": top + 1, "xmax": left + width, "ymax": top + height}
    _put(etree.SubElement(thing, "bndbox"), {name: round(value) for name, value in ends.items()})
    words = [("words", shape["words"])] if shape.get("words") else []
    if said := attributes.lines(form, shape) + words:
        told = etree.SubElement(thing, "attributes")
        for name, text in said:
            _put(etree.SubElement(told, "attribute"), {"name": name, "value": text})


def _put(node: "etree._Element", texts: dict[str, object]) -> None:
    for name, text in texts.items():
        etree.SubElement(node, name).text = NOT_IN_XML.sub("", str(text))
