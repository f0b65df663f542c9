"""Recordings, decoded by libsndfile and written again as Opus, with the peaks of their waveform.

Two channels stay two where they differ: of a call each speaker has one. They are read one after the other, so that two
take no more memory than one.
"""

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
# Channels that are never further apart than this are one: the same speaker on both, packed with losses.
SAME = 0.001
# Samples written at once: libsndfile's encoder keeps a piece on its stack.
PIECE = 48_000
PEAKS_A_SECOND, PEAKS_MOST = 50, 4_000


def write(source: Path, folder: Path) -> dict[str, Any]:
    """Write the recording into `folder`; return what it is. Raise Unfit for what is none, or too long."""
    waves, rate, seconds = _read(source)
    if len(waves) == CHANNELS and np.abs(waves[0] - waves[1]).max() < SAME:
        waves = waves[:1]
    with soundfile.SoundFile(
        folder / "whole", "w", rate, len(waves), format="OGG", subtype="OPUS", compression_level=0.9
    ) as out:
        for start in range(0, len(waves[0]), PIECE):
            out.write(np.stack([wave[start : start + PIECE] for wave in waves], axis=1))
    loudest = np.max([np.abs(wave) for wave in waves], axis=0)
    facts = {"seconds": round(seconds, 3), "channels": len(waves), "peaks": _peaks(loudest, seconds)}
    return {"kind": "sound", "content_type": "audio/ogg", "facts": facts}


def _read(source: Path) -> tuple[list[Wave], int, float]:
    """Return the channels of a recording at a rate of Opus, how many samples make a second of them, and its seconds."""
    try:
        with soundfile.SoundFile(source) as file:
            _refuse(file)
            waves, seconds, rate = [], 0.0, 0
            for number in range(file.channels):
                wave = _channel(file, number)
                seconds = len(wave) / file.samplerate
                wave, rate = _at_a_rate_of_opus(wave, file.samplerate)
                waves.append(wave)
    except (soundfile.LibsndfileError, RuntimeError, ValueError) as error:
        raise Unfit(problem="broken") from error
    return waves, rate, seconds


def _channel(file: soundfile.SoundFile, number: int) -> Wave:
    """Return the samples of one channel, -1 to 1."""
    file.seek(0)
    pieces = [piece[:, number].copy() for piece in file.blocks(PIECE, dtype="float32", always_2d=True)]
    if not pieces:
        raise Unfit(problem="silent")
    wave: Wave = np.nan_to_num(np.concatenate(pieces), copy=False, posinf=0, neginf=0).clip(-1, 1)
    return wave


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
