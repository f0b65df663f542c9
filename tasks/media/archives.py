"""Zip archives, unpacked within bounds. Members are numbered on disk: no name of theirs reaches a file system."""

import re
import zipfile
from pathlib import Path
from typing import Any, BinaryIO

from tasks.media.bounds import FILE_BYTES, MEMBERS, NAME_CHARACTERS, UNPACKED_BYTES, Unfit

PIECE = 1 << 16
# What the systems that pack add by themselves.
OF_THE_SYSTEM = re.compile(r"(^|/)(__MACOSX/|\.DS_Store$|Thumbs\.db$|desktop\.ini$)")
# A root, a drive, a step up, or a backslash that some systems read as a folder.
OUTSIDE = re.compile(r"^/|^[A-Za-z]:|\\|(^|/)\.\.?(/|$)|[\x00-\x1f\x7f]")


def write(source: Path, folder: Path) -> dict[str, Any]:
    """Unpack an archive into numbered files of `folder`; return their names in order. Raise Unfit, nothing usable."""
    try:
        with zipfile.ZipFile(source) as archive:
            members = [one for one in archive.infolist() if not one.is_dir() and not OF_THE_SYSTEM.search(one.filename)]
            _refuse(members)
            _unpack(archive, members, folder)
    except (zipfile.BadZipFile, zipfile.LargeZipFile, NotImplementedError, EOFError, ValueError, OSError) as error:
        raise Unfit(problem="archive_broken") from error
    except RuntimeError as error:
        raise Unfit(problem="archive_locked") from error
    return {"kind": "archive", "content_type": "", "facts": {"names": [one.filename for one in members]}}


def _refuse(members: list[zipfile.ZipInfo]) -> None:
    if not members:
        raise Unfit(problem="archive_empty")
    if len(members) > MEMBERS:
        raise Unfit(problem="members", count=len(members), most=MEMBERS)
    for member in members:
        if OUTSIDE.search(member.filename) or len(member.filename) > NAME_CHARACTERS:
            raise Unfit(problem="outside", name=member.filename[:NAME_CHARACTERS])
        if member.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
            raise Unfit(problem="archive_broken")
        if member.file_size > FILE_BYTES:
            raise Unfit(problem="member_large", name=member.filename, most=FILE_BYTES // 1_000_000)
    if sum(member.file_size for member in members) > UNPACKED_BYTES:
        raise Unfit(problem="unpacked", most=UNPACKED_BYTES // 1_000_000)


def _unpack(archive: zipfile.ZipFile, members: list[zipfile.ZipInfo], folder: Path) -> None:
    """Write every member, counting what really comes out: what an archive says of itself may be a lie."""
    left = UNPACKED_BYTES
    for number, member in enumerate(members):
        with archive.open(member) as packed, (folder / str(number)).open("wb") as out:
            left -= _copy(packed, out, min(left, FILE_BYTES))  # type: ignore[arg-type] # zipfile's own kind of file


def _copy(packed: BinaryIO, out: BinaryIO, most: int) -> int:
    written = 0
    while piece := packed.read(PIECE):
        written += len(piece)
        if written > most:
            raise Unfit(problem="unpacked", most=UNPACKED_BYTES // 1_000_000)
        out.write(piece)
    return written
