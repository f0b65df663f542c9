"""What tests of files share: files made on the spot, the real ones from outside, and handing them in."""

import io
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from coop import clock
from tasks import files
from tasks.models import Delivery, Job, JobFile

REAL = Path(settings.BASE_DIR).parent / "shared" / "data"


def real(name: str) -> bytes:
    """Return a file that nobody on this project made; say so where it is absent."""
    path = REAL / name
    if not path.exists():
        pytest.skip(f"{path} is absent: data from outside is laid beside the project")
    return path.read_bytes()


def image(width: int = 40, height: int = 30, form: str = "PNG", **options: Any) -> bytes:
    """Return a picture with a red left half."""
    picture = Image.new("RGB", (width, height), "white")
    picture.paste("red", (0, 0, width // 2, height))
    out = io.BytesIO()
    picture.save(out, form, **options)
    return out.getvalue()


def sound(seconds: float = 1, rate: int = 16_000, form: str = "WAV", channels: int = 1) -> bytes:
    """Return a tone that begins after half its time."""
    time = np.arange(int(seconds * rate)) / rate
    tone = np.where(time > seconds / 2, np.sin(time * 2 * np.pi * 440) * 0.5, 0)
    out = io.BytesIO()
    soundfile.write(out, np.stack([tone] * channels, axis=1), rate, format=form)
    return out.getvalue()


def call(seconds: float = 2, rate: int = 16_000, form: str = "WAV") -> bytes:
    """Return a call: somebody is heard on the left in its first half, another on the right in its second."""
    time = np.arange(int(seconds * rate)) / rate
    left = np.where(time < seconds / 2, np.sin(time * 2 * np.pi * 300) * 0.5, 0)
    right = np.where(time >= seconds / 2, np.sin(time * 2 * np.pi * 500) * 0.3, 0)
    out = io.BytesIO()
    soundfile.write(out, np.stack([left, right], axis=1), rate, format=form)
    return out.getvalue()


def packed(members: dict[str, bytes], **options: Any) -> bytes:
    """Return a zip of the members."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, **options) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return out.getvalue()


def sent(**named: bytes) -> list[SimpleUploadedFile]:
    """Return files as a browser sends them, `a_png=…` as a.png."""
    return [SimpleUploadedFile(name.replace("_", "."), content) for name, content in named.items()]


def receive(job: Job, given: dict[str, bytes]) -> Delivery:
    """Hand files in as the job's author."""
    content = [ContentFile(content, name=name) for name, content in given.items()]
    return files.receive(job, content, by=job.created_by, at=clock.now())


def hand_in(job: Job, given: dict[str, bytes]) -> Delivery:
    """Hand files in as the job's author, and have them read."""
    return files.take_in(receive(job, given), at=clock.now())


def taken_in(job: Job, name: str, content: bytes) -> JobFile:
    """Return a file that tasks of the job can name."""
    assert not files.problems(hand_in(job, {name: content}))
    return job.files.get(name=name)
