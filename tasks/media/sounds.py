"""Recordings, decoded by libsndfile and written again as one channel of Opus, with the peaks of their waveform."""

from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from numpy.typing import NDArray

from tasks.media.bounds import SECONDS, Unfit

type Wave = NDArray[np.float32]

FORMATS = {"WAV", "WAVEX", "FLAC", "OGG", "MP3", "MPEG"}
OPUS_RATES = (8_000, 12_000, 16_000, 24_000, 48_000)
CHANNELS, FASTEST = 2, 192_000
# Samples written at once: libsndfile's encoder keeps a piece on its stack.
PIECE = 48_000
PEAKS_A_SECOND, PEAKS_MOST = 50, 4_000


def write(source: Path, folder: Path) -> dict[str, Any]:
    """Write the recording into `folder`; return what it is. Raise Unfit for what is none, or too long."""
    wave, rate = _read(source)
    seconds = len(wave) / rate
    wave, rate = _at_a_rate_of_opus(wave, rate)
    with soundfile.SoundFile(
        folder / "whole", "w", rate, 1, format="OGG", subtype="OPUS", compression_level=0.9
    ) as out:
        for start in range(0, len(wave), PIECE):
            out.write(wave[start : start + PIECE])
    facts = {"seconds": round(seconds, 3), "peaks": _peaks(wave, seconds)}
    return {"kind": "sound", "content_type": "audio/ogg", "facts": facts}


def _read(source: Path) -> tuple[Wave, int]:
    """Return the samples of a recording as one channel, -1 to 1, and how many make a second."""
    try:
        with soundfile.SoundFile(source) as file:
            _refuse(file)
            samples: Wave = file.read(dtype="float32", always_2d=True).mean(axis=1)
            rate: int = file.samplerate
    except (soundfile.LibsndfileError, RuntimeError, ValueError) as error:
        raise Unfit(problem="broken") from error
    if not len(samples):
        raise Unfit(problem="silent")
    return np.nan_to_num(samples, posinf=0, neginf=0).clip(-1, 1), rate


def _refuse(file: soundfile.SoundFile) -> None:
    if file.format not in FORMATS or not 0 < file.samplerate <= FASTEST or file.channels > CHANNELS:
        raise Unfit(problem="sound_format")
    if file.frames > SECONDS * file.samplerate:
        raise Unfit(problem="long", minutes=SECONDS // 60)


def _at_a_rate_of_opus(wave: Wave, rate: int) -> tuple[Wave, int]:
    """Return the samples at the next rate that Opus knows; above its highest every one is a mean of its neighbours."""
    wanted = next((known for known in OPUS_RATES if known >= rate), OPUS_RATES[-1])
    if wanted == rate:
        return wave, rate
    if rate > wanted:
        width = round(rate / wanted)
        wave = np.convolve(wave, np.full(width, 1 / width, dtype=np.float32), mode="same")
    moments = np.arange(max(1, round(len(wave) * wanted / rate))) * (rate / wanted)
    return np.interp(moments, np.arange(len(wave)), wave).astype(np.float32), wanted


def _peaks(wave: Wave, seconds: float) -> list[int]:
    """Return the loudest sample of each of equal pieces, 0 to 100, at most 50 pieces a second."""
    count = max(1, min(PEAKS_MOST, int(seconds * PEAKS_A_SECOND), len(wave)))
    return [round(float(np.abs(piece).max()) * 100) for piece in np.array_split(wave, count)]
