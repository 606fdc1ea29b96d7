"""Mutations of files, and an independent, naive reader that says what a mutated xyz file holds.

Used by the fuzz test here, and at length by benchmarks/fuzz_reading.py.
"""

import gzip
import io
import re
import signal
import warnings
from contextlib import contextmanager

import ase.io
import numpy as np
from ase import Atoms
from ase.calculators.singlepoint import SinglePointCalculator
from ase.data import atomic_numbers
from data.reading.format_samples import samples
from toy import toy_dataset

from supple.data.dataset import Dataset
from supple.data.reading import read, survey
from supple.data.writing import write, write_extxyz
from supple.errors import SuppleError

SECONDS = 2
TOKENS = [
    b"nan", b"inf", b"-inf", b"1e999", b"1.2.3", b"--1", b"1d3", b"0x1p3", b"1_000", b"", b"\xc3\xa9", b"\xff", b"\0", b"*****",
    b"999999999", b"-1", b"0", b"1e-400", b"energy=", b'"', b"{", b"=", b"forces=", b"Properties=species:S:1", b"Xx", b"h", b"8",
    "\u00b2".encode(), "\u0661".encode(), b"True", b"Infinity", b"+5", b"5.", b".5", b"E", b"1e",
]  # fmt: skip


def corpus(folder):
    """Name -> content of small files of each format."""
    clean = toy_dataset(4)
    data = Dataset.of(
        clean.numbers, clean.positions, clean.energies, clean.forces, extras={"tag": np.array(list("abcd"))}
    )
    files = dict(samples())
    plain = "".join(
        f"6\n{e!r}\n" + "".join(f"{s} {' '.join(map(repr, row))}\n" for s, row in zip(data.symbols, rows, strict=True))
        for e, rows in zip(
            data.energies.tolist(), np.concatenate([data.positions, data.forces], axis=2).tolist(), strict=True
        )
    )
    files["plain.xyz"] = plain.encode()
    files["plain.xyz.gz"] = gzip.compress(plain.encode(), mtime=0)
    write_extxyz(folder / "extended.xyz", data)
    files["extended.xyz"] = (folder / "extended.xyz").read_bytes()
    for name, fmt in (
        ("arrays.npz", "sgdml"),
        ("spice.h5", "spice"),
        ("ase.db", "ase"),
        ("schnetpack.db", "schnetpack"),
    ):
        write(folder / name, data, to=fmt)
        files[name] = (folder / name).read_bytes()
    frames = [Atoms(data.numbers, r, momenta=r) for r in data.positions]
    for atoms, energy, forces in zip(frames, data.energies, data.forces, strict=True):
        atoms.calc = SinglePointCalculator(atoms, energy=energy, forces=forces)
    ase.io.write(folder / "md.traj", frames)
    files["md.traj"] = (folder / "md.traj").read_bytes()
    return files


def mutated(content, rng):
    """A file with one to three things wrong with it."""
    for _ in range(int(rng.integers(1, 4))):
        content = KINDS[int(rng.integers(len(KINDS)))](content, rng)
    return content


def _place(content, rng):
    return int(rng.integers(len(content) + 1))


def _flip(content, rng):
    if not content:
        return content
    k = int(rng.integers(len(content)))
    return content[:k] + bytes([content[k] ^ (1 << int(rng.integers(8)))]) + content[k + 1 :]


def _insert(content, rng):
    k = _place(content, rng)
    return content[:k] + TOKENS[int(rng.integers(len(TOKENS)))] + content[k:]


def _delete(content, rng):
    k = _place(content, rng)
    return content[:k] + content[k + int(rng.integers(1, 30)) :]


def _truncate(content, rng):
    return content[: _place(content, rng)]


def _lines(content, rng):
    lines = content.split(b"\n")
    a, b = (int(rng.integers(len(lines))) for _ in range(2))
    what = int(rng.integers(4))
    if what == 0:
        lines[a], lines[b] = lines[b], lines[a]
    elif what == 1:
        lines.insert(a, lines[b])
    elif what == 2:
        del lines[a]
    else:
        lines.insert(a, b"")
    return b"\n".join(lines)


def _token(content, rng):
    words = re.split(rb"(\s+)", content)
    words[int(rng.integers(len(words)))] = TOKENS[int(rng.integers(len(TOKENS)))]
    return b"".join(words)


def _swap(content, rng):
    words = re.split(rb"(\s+)", content)
    a, b = (2 * int(rng.integers((len(words) + 1) // 2)) for _ in range(2))
    words[a], words[b] = words[b], words[a]
    return b"".join(words)


def _ends(content, rng):
    return [
        content.replace(b"\n", b"\r\n"), content.replace(b"\n", b"\r"), b"\xef\xbb\xbf" + content, content + b"\n\n",
        content.replace(b"\n", b" \n"), content.replace(b" ", b"\t"),
    ][int(rng.integers(6))]  # fmt: skip


KINDS = [_flip, _insert, _delete, _truncate, _lines, _token, _token, _swap, _ends]


class HangError(Exception):
    """A reader took too long."""


@contextmanager
def limited():
    def stop(number, frame):
        raise HangError

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def verdict(path):
    """`refused`, `read`, or what went wrong: a trace, a warning, a hang, data that the file does not hold."""
    try:
        with limited(), warnings.catch_warnings():
            warnings.simplefilter("error")
            survey(path, units="eV")
            data = read(path, units="eV")
    except SuppleError as error:
        return "refused" if str(error).strip() else "a refusal without a sentence"
    except HangError:
        return "a hang"
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    content = path.read_bytes()
    if path.name.endswith(".gz"):
        content = gzip.decompress(content)
    if ".xyz" not in path.name or "-pos-" in path.name or "-frc-" in path.name:
        return "read"
    try:
        numbers, table, energies = naive(content)
    except (ValueError, IndexError, KeyError) as error:
        return f"read what cannot be read: {type(error).__name__}: {error}"
    there = np.concatenate([data.positions, data.forces], axis=2)
    good = (
        numbers == data.numbers.tolist()
        and np.array_equal(there, table)
        and np.array_equal(data.energies, energies, equal_nan=True)
    )
    return "read" if good else "read other data than the file holds"


def naive(content):
    """Numbers, positions with forces, energies of an xyz file in eV and Å, in the plainest way there is."""
    text = io.TextIOWrapper(io.BytesIO(content), encoding="utf-8-sig", errors="replace")
    lines = [line.rstrip("\n") for line in text]
    numbers, table, energies, at = None, [], [], 0
    while at < len(lines):
        if not lines[at].strip():
            at += 1
            continue
        count, comment = int(lines[at]), lines[at + 1].strip()
        rows = [line.split() for line in lines[at + 2 : at + 2 + count]]
        if len(rows) < count:
            raise ValueError("short")
        start, width, species = [1, 4], 7, 0
        found = re.search(r'properties\s*=\s*"?([\w:]+)"?', comment, re.IGNORECASE)
        if found:
            parts = found.group(1).split(":")
            places, width = {}, 0
            for name, size in zip(parts[::3], parts[2::3], strict=True):
                places.setdefault(name, width)
                width += int(size)
            force = [name for name in places if "force" in name.lower()]
            start, species = [places["pos"], places[force[0]]], places["species"]
        if any(len(row) != width for row in rows):
            raise ValueError("columns")
        mine = [
            int(row[species]) if row[species].isdigit() else atomic_numbers[row[species].capitalize()] for row in rows
        ]
        numbers = numbers or mine
        if mine != numbers:
            raise ValueError("molecule")
        table.append([[number(row[s + k]) for s in start for k in range(3)] for row in rows])
        energy = re.search(r"(?:^|\s)\"?(\w*energy)\"?\s*=\s*\"?([^\s\"]+)", comment, re.IGNORECASE)
        try:
            energies.append(number(energy.group(2)) if "=" in comment and energy else number(comment))
        except ValueError:
            energies.append(np.nan)
        at += 2 + count
    table = np.array(table)
    if not np.isfinite(table).all():
        raise ValueError("not finite")
    return numbers, table, np.array(energies)


def number(word):
    try:
        return float(word)
    except ValueError:
        return float(word.replace("D", "E").replace("d", "e"))
