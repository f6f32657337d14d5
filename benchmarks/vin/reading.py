"""Lets a fresh process read photos on one thread and tell its answers, its times and its peak memory.

`started` runs in the measuring process, `serve` in the fresh one; between them go two JSON files in a temporary folder,
because the answers hold VINs and must not reach a terminal. It knows no reader.
"""

import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import msgspec
from msgspec import Struct

_ROOT = Path(__file__).parents[2]
_ONE_THREAD = dict.fromkeys(
    ("OMP_NUM_THREADS", "OMP_THREAD_LIMIT", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS"), "1"
)
_MILLISECONDS = 1000.0
_KIBIBYTE = 1024
_PEAK = "VmHWM:"


class Said(Struct, frozen=True, kw_only=True):
    """What a reader says of one photo: 17 characters or empty, how sure it is (0 to 1), whether no person need look."""

    vin: str = ""
    confidence: float = 0.0
    accepted: bool = False


class Reading(Struct, frozen=True, kw_only=True):
    """What was said of one photo and how long it took, from the file's bytes to the answer.

    milliseconds: by the clock on the wall. processor_milliseconds: by all threads of the process together; where it is
    no more than the other, one thread did the work, and where it is less, other processes had the processor.
    """

    vin: str
    confidence: float
    accepted: bool
    milliseconds: float
    processor_milliseconds: float


class Task(Struct, frozen=True, kw_only=True):
    """Photos to read, as paths, and how many readings the process makes at least: the list is then repeated."""

    photos: tuple[str, ...]
    readings_min: int


class Outcome(Struct, frozen=True, kw_only=True):
    """One reading for each photo, the number of readings with those repeated, and the most memory ever resident."""

    readings: tuple[Reading, ...]
    readings_made: int
    peak_bytes: int


Reads = Callable[[bytes], Said]


def started(module: str, photos: Sequence[Path], *, readings_min: int = 0) -> Outcome:
    """Return what a fresh process says that runs `module`, whose main calls `serve`.

    Raises subprocess.CalledProcessError when the process fails; its own words are then on the terminal.
    """
    with tempfile.TemporaryDirectory() as folder:
        task, outcome = Path(folder) / "task.json", Path(folder) / "outcome.json"
        named = Task(photos=tuple(str(photo.resolve()) for photo in photos), readings_min=readings_min)
        task.write_bytes(msgspec.json.encode(named))
        command = [sys.executable, "-m", module, str(task), str(outcome)]
        subprocess.run(command, check=True, cwd=_ROOT, env={**os.environ, **_ONE_THREAD})
        return msgspec.json.decode(outcome.read_bytes(), type=Outcome)


def serve(reads: Reads, task_file: Path, outcome_file: Path) -> None:
    """Read every photo of a task on one thread and write the outcome; the first photo once more, untimed, before."""
    cv2.setNumThreads(1)
    task = msgspec.json.decode(task_file.read_bytes(), type=Task)
    photos = [Path(photo) for photo in task.photos]
    if photos:
        reads(photos[0].read_bytes())
    readings = tuple(_timed(reads, photo) for photo in photos)
    made = len(readings)
    while readings and made < task.readings_min:
        reads(photos[made % len(photos)].read_bytes())
        made += 1
    outcome = Outcome(readings=readings, readings_made=made, peak_bytes=peak_bytes())
    outcome_file.write_bytes(msgspec.json.encode(outcome))


def peak_bytes() -> int:
    """Return the most memory that this process had resident at any time.

    The kernel's own mark for this program; getrusage's also holds what the parent used when it made the process.
    """
    status = Path("/proc/self/status")
    lines = status.read_text(encoding="ascii", errors="replace").splitlines() if status.exists() else []
    peaks = [int(line.split()[1]) for line in lines if line.startswith(_PEAK)]
    return (peaks[0] if peaks else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss) * _KIBIBYTE


def _timed(reads: Reads, photo: Path) -> Reading:
    data = photo.read_bytes()
    wall, processor = time.perf_counter(), time.process_time()
    said = reads(data)
    processor_spent, wall_spent = time.process_time() - processor, time.perf_counter() - wall
    return Reading(
        vin=said.vin,
        confidence=said.confidence,
        accepted=said.accepted,
        milliseconds=wall_spent * _MILLISECONDS,
        processor_milliseconds=processor_spent * _MILLISECONDS,
    )
