"""An independent, naive reader of xyz files: what a file says, whoever changed it."""

import io
import re

import numpy as np
from ase.data import atomic_numbers


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
