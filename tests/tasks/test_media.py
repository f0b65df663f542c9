import io
import json
import os
import struct
import subprocess
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from PIL import Image

from tasks.media import apart, bounds
from tests.tasks.handing_in import call, image, packed, real, sound


def write(tmp_path: Path, content: bytes) -> dict[str, Any]:
    """Have a file written again, here; return what it is or the problem with it."""
    source = tmp_path / "source"
    source.write_bytes(content)
    return apart.main(source, tmp_path)


def problem(tmp_path: Path, content: bytes) -> str:
    """Return the problem with a file."""
    return str(write(tmp_path, content)["problem"])


def written(tmp_path: Path, name: str = "whole") -> Image.Image:
    """Return an image that was written."""
    with Image.open(tmp_path / name) as found:
        found.load()
        return found


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP", "BMP"])
def test_an_image_of_each_kind_is_written_again_in_its_size(tmp_path: Path, form: str) -> None:
    said = write(tmp_path, image(400, 300, form))
    assert said == {"kind": "image", "content_type": "image/webp", "facts": {"width": 400, "height": 300}}
    found = written(tmp_path)
    assert (found.format, found.size) == ("WEBP", (400, 300))
    red, green, blue = found.convert("RGB").getpixel((50, 150))  # type: ignore[misc] # three of RGB
    assert red > 200
    assert max(green, blue) < 60


def test_metadata_is_gone_and_an_image_stands_upright(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112], exif[0x010E] = 6, "Amina's kitchen"
    content = image(40, 30, "JPEG", exif=exif, comment=b"at 1.28 S, 36.8 E")
    assert b"kitchen" in content
    assert write(tmp_path, content)["facts"] == {"width": 30, "height": 40}
    for name in ("whole", "small"):
        content = (tmp_path / name).read_bytes()
        assert b"kitchen" not in content
        assert b"36.8" not in content
        assert not written(tmp_path, name).getexif()


def test_a_phone_gets_a_smaller_image(tmp_path: Path) -> None:
    write(tmp_path, real("street-scene/000001.png"))
    assert written(tmp_path).size == (1242, 375)
    assert written(tmp_path, "small").size == (1024, 309)
    assert (tmp_path / "small").stat().st_size < 60_000 < (tmp_path / "whole").stat().st_size < 200_000


def test_an_image_longer_than_webp_knows_becomes_a_jpeg(tmp_path: Path) -> None:
    assert write(tmp_path, image(16_400, 20))["content_type"] == "image/jpeg"
    assert written(tmp_path).format == "JPEG"


def test_a_bomb_of_pixels_is_refused_before_it_is_decoded(tmp_path: Path) -> None:
    said = write(tmp_path, image(12_000, 12_000))
    assert said == {"problem": "pixels", "facts": {"width": 12_000, "height": 12_000, "most": 50}}
    assert not (tmp_path / "whole").exists()


def test_several_pictures_in_one_are_refused(tmp_path: Path) -> None:
    first, second = Image.new("RGB", (9, 9), "red"), Image.new("RGB", (9, 9), "blue")
    out = io.BytesIO()
    first.save(out, "WEBP", save_all=True, append_images=[second])
    assert problem(tmp_path, out.getvalue()) == "moving"


@pytest.mark.parametrize("mode", ["I;16", "L", "LA", "P", "RGBA", "CMYK"])
def test_images_of_any_depth_are_read(tmp_path: Path, mode: str) -> None:
    out = io.BytesIO()
    Image.new(mode, (20, 10)).save(out, "JPEG" if mode == "CMYK" else "PNG")
    assert write(tmp_path, out.getvalue())["facts"] == {"width": 20, "height": 10}


@pytest.mark.parametrize("content", [image()[:-30], image(form="JPEG")[:300], b"\x89PNG\r\n\x1a\n" + b"x" * 999])
def test_half_an_image_is_refused(tmp_path: Path, content: bytes) -> None:
    assert problem(tmp_path, content) == "broken"


@pytest.mark.parametrize(
    "content",
    [b"", b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>", b"<!doctype html><script>x",
     b"%PDF-1.7", b"MZ" + bytes(62), b"GIF89a" + bytes(10), bytes(64), b"left,right\n" * 16],
)  # fmt: skip
def test_what_is_none_of_these_is_not_taken_whatever_it_is_called(tmp_path: Path, content: bytes) -> None:
    assert problem(tmp_path, content) == "unknown"


@pytest.mark.parametrize("form", ["WAV", "FLAC", "OGG", "MP3"])
@pytest.mark.parametrize(("rate", "opus"), [(8_000, 8_000), (44_100, 48_000)])
def test_a_recording_of_each_kind_becomes_opus(tmp_path: Path, form: str, rate: int, opus: int) -> None:
    said = write(tmp_path, sound(2, rate, form, channels=2))
    assert (said["kind"], said["content_type"]) == ("sound", "audio/ogg")
    assert said["facts"]["seconds"] == pytest.approx(2, abs=0.15)
    with soundfile.SoundFile(tmp_path / "whole") as found:
        assert (found.format, found.subtype, found.channels) == ("OGG", "OPUS", 1)
        assert found.samplerate in {opus, 48_000}
        wave = found.read()
    half = len(wave) // 2
    assert np.abs(wave[: half - half // 5]).max() < 0.05
    assert 0.3 < np.abs(wave[half + half // 5 :]).max() < 0.8


@pytest.mark.parametrize("form", ["WAV", "FLAC", "OGG", "MP3"])
@pytest.mark.parametrize("rate", [8_000, 44_100])
def test_two_channels_that_differ_stay_two(tmp_path: Path, form: str, rate: int) -> None:
    facts = write(tmp_path, call(2, rate, form))["facts"]
    assert (facts["channels"], len(facts["peaks"])) == (2, 100)
    # Its waveform shows whoever is heard.
    assert min(facts["peaks"][10:40]) >= 40
    assert 25 <= min(facts["peaks"][60:90]) <= max(facts["peaks"][60:90]) <= 35
    wave, rate = soundfile.read(tmp_path / "whole")
    first, second = wave[rate // 4 : rate * 3 // 4], wave[rate * 5 // 4 : rate * 7 // 4]
    assert [round(float(np.abs(side).max()), 1) for side in first.T] == [0.5, 0]
    assert [round(float(np.abs(side).max()), 1) for side in second.T] == [0, 0.3]


def test_the_same_on_both_channels_is_one(tmp_path: Path) -> None:
    assert write(tmp_path, sound(2, channels=2))["facts"]["channels"] == 1
    assert write(tmp_path, sound(2))["facts"]["channels"] == 1


def test_the_longest_call_fits_into_the_memory_of_the_process_apart(tmp_path: Path) -> None:
    second = np.stack([np.full(96_000, 0.5), np.zeros(96_000)], axis=1)
    with soundfile.SoundFile(tmp_path / "source", "w", 96_000, 2, format="FLAC") as out:
        for _second in range(600):
            out.write(second)
    assert apart.run(tmp_path / "source", tmp_path)["facts"]["channels"] == 2


def test_peaks_say_where_it_is_loud(tmp_path: Path) -> None:
    peaks = write(tmp_path, sound(2))["facts"]["peaks"]
    assert len(peaks) == 100
    assert max(peaks[:48]) <= 1
    assert min(peaks[52:]) >= 45
    assert max(peaks) <= 51


def test_a_faster_recording_keeps_its_pitch(tmp_path: Path) -> None:
    write(tmp_path, sound(2, 96_000, "FLAC"))
    wave, rate = soundfile.read(tmp_path / "whole")
    loud = wave[len(wave) * 6 // 10 : len(wave) * 9 // 10]
    spectrum = np.abs(np.fft.rfft(loud))
    assert np.argmax(spectrum) * rate / len(loud) == pytest.approx(440, abs=5)


def test_real_speech_gets_small(tmp_path: Path) -> None:
    content = real("spoken-digits/8_lucas_0.wav")
    facts = write(tmp_path, content)["facts"]
    assert facts["seconds"] == pytest.approx(1.143, abs=0.01)
    assert (tmp_path / "whole").stat().st_size < len(content) / 3


@pytest.mark.parametrize(
    ("content", "found"),
    [(sound(601, 8_000), "long"), (sound(channels=3), "sound_format"), (sound(form="AIFF"), "unknown"),
     (sound(0), "silent"), (sound()[:30], "broken")],
)  # fmt: skip
def test_recordings_that_are_not_taken(tmp_path: Path, content: bytes, found: str) -> None:
    assert problem(tmp_path, content) == found


def cloud(points: list[tuple[float, ...]]) -> bytes:
    """Return points as KITTI writes them."""
    return np.array(points, dtype="<f4").tobytes()


def places(tmp_path: Path, facts: dict[str, Any]) -> Any:
    """Return the points that were written, in metres."""
    steps = np.frombuffer((tmp_path / "whole").read_bytes()[: facts["points"] * 6], dtype="<i2").reshape(-1, 3)
    return steps * facts["scale"] + np.array(facts["centre"])


def test_a_sweep_is_written_in_seven_bytes_a_point(tmp_path: Path) -> None:
    content = real("street-scene/000001.bin")
    facts = write(tmp_path, content)["facts"]
    before = np.frombuffer(content, dtype="<f4").reshape(-1, 4)
    assert facts["points"] == len(before)
    assert (tmp_path / "whole").stat().st_size == 7 * len(before)
    assert np.abs(places(tmp_path, facts) - before[:, :3]).max() < 0.005
    shine = np.frombuffer((tmp_path / "whole").read_bytes()[facts["points"] * 6 :], dtype="u1") / 255
    assert np.abs(shine - before[:, 3]).max() < 0.01


PCD = "# .PCD v0.7\nVERSION 0.7\nFIELDS {}\nSIZE {}\nTYPE {}\nCOUNT {}\nWIDTH 2\nHEIGHT 1\nPOINTS 2\nDATA {}\n"


@pytest.mark.parametrize("form", ["ascii", "binary"])
def test_a_pcd_is_read_by_its_header(tmp_path: Path, form: str) -> None:
    header = PCD.format("ring z x y intensity", "1 4 4 4 4", "U F F F F", "1 1 1 1 1", form).encode()
    rows = [(7, 3.0, 1.0, 2.0, 1.0), (8, -3.0, -1.0, -2.0, 0.0)]
    body = b"".join(struct.pack("<Bffff", *row) for row in rows)
    text = "\n".join(" ".join(map(str, row)) for row in rows).encode()
    facts = write(tmp_path, header + (text if form == "ascii" else body))["facts"]
    assert np.allclose(places(tmp_path, facts), [[1, 2, 3], [-1, -2, -3]], atol=0.001)
    assert (facts["low"], facts["high"]) == ([-1, -2, -3], [1, 2, 3])


def frame(points: object, **more: object) -> bytes:
    """Return a frame of a lidar as Scale's programs write it."""
    return json.dumps({"device_position": {"x": 1, "y": 2, "z": 3}, **more, "points": points}).encode()


def test_a_frame_of_scales_json_is_a_cloud_in_its_own_coordinates(tmp_path: Path) -> None:
    near = {"x": 101.5, "y": -2, "z": 0.25}
    facts = write(tmp_path, frame([{**near, "i": 51, "t": 1, "d": 0}, {**near, "x": 99.5, "i": 255}, near]))["facts"]
    assert np.allclose(places(tmp_path, facts), [[101.5, -2, 0.25], [99.5, -2, 0.25], [101.5, -2, 0.25]], atol=0.001)
    assert list((tmp_path / "whole").read_bytes()[facts["points"] * 6 :]) == [51, 255, 0]
    write(tmp_path, frame([{**near, "i": 1}, {**near, "i": 0.2}]))
    assert list((tmp_path / "whole").read_bytes()[12:]) == [255, 51]


def test_points_that_are_nowhere_are_left_out(tmp_path: Path) -> None:
    good = [(1.0, 2.0, 3.0, 0.5)] * 300
    assert write(tmp_path, cloud([*good, (float("nan"), 0, 0, 0), (float("inf"), 0, 0, 0)]))["facts"]["points"] == 300


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (PCD.format("x y z", "4 4 4", "F F F", "1 1 1", "binary_compressed").encode() + bytes(24), "pcd_packed"),
        (PCD.format("x y z", "4 4 4", "F F F", "1 1 1", "binary").encode() + bytes(12), "broken"),
        (PCD.format("x y", "4 4", "F F", "1 1", "binary").encode() + bytes(16), "broken"),
        (PCD.format("x y z", "4 4 4", "F F F", "1 1 9999999", "ascii").encode() + b"1 2 3\n1 2 3", "broken"),
        (b"# .PCD v0.7\nPOINTS 9999999\nDATA ascii\n", "points"),
        (cloud([(1, 2, 3, 0)] * 300 + [(1e30, 0, 0, 0)]), "nowhere"),
        (frame([]), "nowhere"),
        (frame([{"x": 500_000, "y": 1, "z": 1}]), "nowhere"),
        (frame([{"x": 1, "y": 1}]), "broken"),
        (frame([[1, 2, 3]]), "broken"),
        (frame({"x": 1}), "broken"),
        (frame([{"x": 1, "y": {}, "z": 1}]), "broken"),
        (frame([{"x": 1e300, "y": 1, "z": 1}, {"x": float("nan"), "y": 1, "z": 1}]), "nowhere"),
        (frame([{"x": 1, "y": 1, "z": 1}])[:-2], "broken"),
        (b'{"points":' + b"[" * 200_000, "broken"),
        (b'{"a": 1}', "unknown"),
    ],
)
def test_clouds_that_are_not_taken(tmp_path: Path, content: bytes, found: str) -> None:
    assert problem(tmp_path, content) == found


def test_a_zip_is_unpacked_under_numbers(tmp_path: Path) -> None:
    said = write(tmp_path, packed({"a/1.png": b"one", "__MACOSX/._1.png": b"x", "a/.DS_Store": b"x", "ü.wav": b"two"}))
    assert said["facts"]["names"] == ["a/1.png", "ü.wav"]
    assert [(tmp_path / str(number)).read_bytes() for number in range(2)] == [b"one", b"two"]


@pytest.mark.parametrize(
    "name", ["../up.png", "a/../../up.png", "/root.png", "C:\\x.png", "a\\..\\..\\x.png", "a/./b.png", "x\ny.png"]
)
def test_a_member_that_leads_out_is_refused(tmp_path: Path, name: str) -> None:
    before = sorted(tmp_path.parent.iterdir())
    assert problem(tmp_path, packed({"good.png": image(), name: b"evil"})) == "outside"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["source"]
    assert sorted(tmp_path.parent.iterdir()) == before


def test_bombs_are_refused(tmp_path: Path) -> None:
    assert problem(tmp_path, packed({"a.bin": bytes(bounds.FILE_BYTES + 1)})) == "member_large"
    nine = {f"{n}.bin": bytes(bounds.FILE_BYTES) for n in range(9)}
    assert problem(tmp_path, packed(nine)) == "unpacked"
    assert problem(tmp_path, packed({f"{n}.png": b"" for n in range(bounds.MEMBERS + 1)})) == "members"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["source"]


def test_a_zip_that_lies_about_a_members_size_gives_no_more_than_it_said(tmp_path: Path) -> None:
    content = packed({"a.bin": bytes(50_000_000)})
    lie = content.replace(struct.pack("<I", 50_000_000), struct.pack("<I", 10))
    assert lie != content
    assert problem(tmp_path, lie) == "archive_broken"
    assert sum(path.stat().st_size for path in tmp_path.iterdir() if path.name != "source") <= 10


def test_zips_that_cannot_be_unpacked(tmp_path: Path) -> None:
    assert problem(tmp_path, packed({})) == "archive_empty"
    assert problem(tmp_path, packed({"a.png": image()})[:-40]) == "archive_broken"
    locked = bytearray(packed({"a.png": image()}))
    locked[locked.index(b"PK\x01\x02") + 8] |= 1
    locked[6] |= 1
    assert problem(tmp_path, bytes(locked)) == "archive_locked"
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("a.png", image())
    assert problem(tmp_path, out.getvalue()) == "archive_broken"


def run(tmp_path: Path, content: bytes) -> dict[str, Any]:
    """Have a file written again apart."""
    (tmp_path / "source").write_bytes(content)
    return apart.run(tmp_path / "source", tmp_path)


def test_a_file_is_read_apart(tmp_path: Path) -> None:
    assert run(tmp_path, image())["facts"] == {"width": 40, "height": 30}
    with pytest.raises(bounds.Unfit) as caught:
        run(tmp_path, b"no file")
    assert caught.value.problem == "unknown"


def test_the_process_apart_knows_no_secret_and_has_little(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What it was given is read from the kernel, by the same command with another module."""
    seen: dict[str, Any] = {}
    real_run = subprocess.run

    def look(command: list[str], **options: Any) -> Any:
        seen.update(options)
        probe = "import json, os, resource; from tasks.media import apart; apart._take_little();"
        probe += "print(json.dumps({'env': dict(os.environ), 'memory': resource.getrlimit(resource.RLIMIT_AS)}))"
        return real_run([command[0], "-c", probe], **options)

    monkeypatch.setenv("DATABASE_URL", "postgresql://secret")
    monkeypatch.setattr(subprocess, "run", look)
    said = run(tmp_path, image())
    assert not {name for name in said["env"] if "DATABASE" in name or "SECRET" in name or "WORKHALL" in name}
    assert said["memory"] == [apart.MEMORY_BYTES] * 2
    assert "DATABASE_URL" in os.environ


@pytest.mark.parametrize(
    "crash", ["import os; os.abort()", "while True: pass", "x = bytearray(9 * 10**9)", "print('no JSON')"]
)
def test_a_decoder_that_crashes_hangs_or_takes_too_much_ends_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, crash: str
) -> None:
    real_run = subprocess.run
    setup = "import tasks.media.apart as apart; apart.CPU_SECONDS = 1; apart._take_little();"

    def crashing(command: list[str], **options: Any) -> Any:
        return real_run([command[0], "-c", setup + "\n" + crash], **options)

    monkeypatch.setattr(subprocess, "run", crashing)
    with pytest.raises(bounds.Unfit) as caught:
        run(tmp_path, image())
    assert caught.value.problem == "broken"


def test_what_a_file_is_said_to_be_travels_as_json(tmp_path: Path) -> None:
    for content in (image(), sound(), cloud([(1, 2, 3, 0.5)] * 300), packed({"a.png": b"x"})):
        assert json.loads(json.dumps(write(tmp_path, content)))["kind"]
