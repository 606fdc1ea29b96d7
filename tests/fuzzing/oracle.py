"""What a mutated file may be read as: refused with a sentence, or frames that its original holds."""

import gzip
import signal
import warnings
from contextlib import contextmanager

import numpy as np
from fuzzing.mutations import Kept
from fuzzing.naive_xyz import naive

from supple.data.reading import read, survey
from supple.errors import SuppleError

#: Of processor time: a reader that takes longer for a small file hangs.
SECONDS = 4


class HangError(Exception):
    """A reader took too long."""


@contextmanager
def limited():
    def stop(number, frame):
        raise HangError

    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def outcome(action):
    """What an action returns, or `refused`, or what went wrong: a trace, a warning, a hang."""
    try:
        with limited(), warnings.catch_warnings():
            warnings.simplefilter("error")
            return action()
    except SuppleError as error:
        said = str(error).strip()
        return "refused" if said and len(said.splitlines()) == 1 else f"a refusal without a sentence: {said[:200]!r}"
    except HangError:
        return "a hang"
    except MemoryError:
        return "memory filled"
    except Exception as error:
        return f"{type(error).__name__}: {error}"


def frames_of(path):
    """The frames of a sound file, for `verdict`.

    Raises:
        SuppleError: it cannot be read.
    """
    return _frames(read(path, units="eV"))


def verdict(path, kept=Kept.NOTHING, frames=()):
    """`read`, `refused`, or what went wrong.

    Args:
        path: of a mutated file.
        kept: what is still known of its frames.
        frames: those of its original, and of the file that was appended to it.
    """
    lenient = outcome(lambda: survey(path, units="eV"))
    if isinstance(lenient, str):
        return lenient if lenient == "refused" else f"check: {lenient}"
    data = outcome(lambda: read(path, units="eV"))
    for what, found in (("check", lenient.dataset), ("read", data)):
        if found is not None and not isinstance(found, str):
            wrong = _wrong(path, found, kept, frames, strict=what == "read")
            if wrong:
                return f"{what}: {wrong}"
    return data if isinstance(data, str) else "read"


def _wrong(path, data, kept, frames, *, strict):
    """What a reader made of frames that are not in the file; None if it is right."""
    if ".xyz" in path.name and "-pos-" not in path.name and "-frc-" not in path.name:
        return _unlike_naive(path, data) if strict else None
    if kept is Kept.NOTHING or not frames:
        return None
    same = _same_frame if kept is Kept.FRAMES else _same_but_one
    for k, frame in enumerate(_frames(data)):
        if not any(same(frame, other) for other in frames):
            return f"frame {k} pairs what the file does not"
    return None


def _unlike_naive(path, data):
    content = path.read_bytes()
    try:
        numbers, table, energies = naive(gzip.decompress(content) if path.name.endswith(".gz") else content)
    except (ValueError, IndexError, KeyError) as error:
        return f"what cannot be read: {type(error).__name__}: {error}"
    there = np.concatenate([data.positions, data.forces], axis=2)
    good = (
        numbers == data.numbers.tolist()
        and np.array_equal(there, table)
        and np.array_equal(data.energies, energies, equal_nan=True)
    )
    return None if good else "other data than the file holds"


def _frames(data):
    """Each frame as atomic numbers, positions, energy and forces."""
    return [(data.numbers, r, e, f) for r, e, f in zip(data.positions, data.energies, data.forces, strict=True)]


def _close(first, second):
    return np.shape(first) == np.shape(second) and np.allclose(first, second, rtol=1e-8, atol=1e-8)


def _same_energy(first, second):
    """Energies that are lost are no wrong ones."""
    return bool(np.isnan(first)) or _close(first, second)


def _same_frame(frame, other):
    """Equal frames; the atoms may be in another order, each with its own force."""
    return _same_energy(frame[2], other[2]) and _close(_rows(frame), _rows(other))


def _rows(frame):
    rows = np.column_stack([frame[0], frame[1], frame[3]])
    return rows[np.lexsort(np.round(rows, 6).T[::-1])]


def _same_but_one(frame, other):
    """Frames of which at most one of positions, energy and forces differs."""
    same = [_close(frame[1], other[1]), _same_energy(frame[2], other[2]), _close(frame[3], other[3])]
    return sum(same) >= 2
