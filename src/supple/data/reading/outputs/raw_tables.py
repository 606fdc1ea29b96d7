"""Tables of outputs that ASE and cclib read, which take rows by their number: here, each row must be the one that it should be.

Both skip what they do not expect, and ignore the indices of rows; a row that is missing, doubled or foreign would shift the
forces of one atom to another.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np

from supple.data.reading.outputs.output_events import damaged
from supple.data.reading.outputs.programs import Program

_NUMBER = r"[-+]?\d+\.\d*(?:[EeDd][-+]?\d+)?"


def require_whole_tables(name: str, program: Program, content: bytes) -> None:
    """Check what an output says of geometries, energies and forces, for programs where something is to be checked.

    Args:
        name: of the file, for messages.
        program: that wrote it.
        content: of the file.

    Raises:
        DataError: a row is missing, doubled, or foreign, or geometries, energies and forces do not take turns.
    """
    check = _CHECKS.get((program.name, program.reader))
    if check is None:
        return
    try:
        check(content.decode("latin-1").replace("\r\n", "\n"))
    except ValueError as error:
        raise damaged(name, program.name, error) from error


def _stated(pattern: str, text: str) -> str:
    match = re.search(pattern, text, re.MULTILINE)
    if match is None:
        raise ValueError("the number of atoms is not stated")
    return match.group(1)


def _rows(text: str, title: str, row: str) -> list[list[str]]:
    """The first group of each row of the tables below a title, as it is written."""
    tables = re.finditer(rf"^.*(?:{title}).*\n((?:{row}\n)+)", text, re.MULTILINE)
    return [re.findall(row, table.group(1)) for table in tables]


def _require_counted(tables: list[list[str]], n_atoms: int) -> None:
    if any([int(index) for index in table] != list(range(1, n_atoms + 1)) for table in tables):
        raise ValueError("the rows of a table are not those of all atoms in their order")


def _order(text: str, **events: str) -> str:
    """One letter for each line that matters, in the order of the text."""
    pattern = "|".join(f"(?P<{letter}>{line})" for letter, line in events.items())
    return "".join(str(match.lastgroup) for match in re.finditer(pattern, text))


def _require_turns(order: str, expected: str) -> None:
    if re.fullmatch(expected, order) is None:
        raise ValueError("geometries, energies and forces do not take turns")


def _aims(text: str) -> None:
    n_atoms = int(_stated(r"^ *\| Number of atoms +: +(\d+) *$", text))
    vector = rf"(?: +{_NUMBER}){{3}} *"
    _require_counted(_rows(text, r"Atom +x \[A\]", rf" *\| +(\d+): Species +\S+{vector}"), n_atoms)
    _require_counted(_rows(text, r"Total atomic forces \(", rf" *\| +(\d+){vector}"), n_atoms)
    # only in the compact form is the free energy in eV; ASE takes the last one, whatever its unit
    order = _order(
        text,
        B=r"Begin self-consistency (?:loop|iteration)",
        H=rf"\| Electronic free energy +: +{_NUMBER} Ha",
        C=rf"Energy and forces in a compact form:\n(?: *\| Total energy.*\n){{1,2}} *\| Electronic free energy +: +{_NUMBER} eV",
        F=r"Total atomic forces \(",
    )
    if "F" in order:
        _require_turns(order, "(?:B[BH]*CF)+(?:B[BH]*C?)?")


def _vasp(text: str) -> None:
    n_atoms = sum(int(count) for count in _stated(r"^ *ions per type = +(\d[\d ]*)$", text).split())
    table = re.compile(
        rf"^ *POSITION +TOTAL-FORCE.*\n *-+ *\n((?: *{_NUMBER}(?: *{_NUMBER}){{5}} *\n)+) *-+ *\n", re.MULTILINE
    )
    tables = [found.group(1).count("\n") for found in table.finditer(text)]
    if len(tables) != len(re.findall(r"^ *POSITION +TOTAL-FORCE", text, re.MULTILINE)) or set(tables) - {n_atoms}:
        raise ValueError("a table of forces is not of all atoms")
    six = re.compile(rf"(?:^ +{_NUMBER}(?: *{_NUMBER}){{5}} *\n)+", re.MULTILINE)
    for heading in re.finditer(r"direct lattice vectors.*\n", text):
        rows = six.match(text, heading.end())
        vectors = np.array(re.findall(_NUMBER, rows.group()) if rows else [], dtype=np.float64)
        if vectors.size != 18 or not np.isfinite(vectors).all():
            raise ValueError("there are not three lattice vectors")
        direct, reciprocal = np.hsplit(vectors.reshape(3, 6), 2)
        product = direct @ reciprocal.T
        if not np.allclose(product, product[0, 0] * np.eye(3), atol=1e-5 * np.abs(direct).max()):
            raise ValueError("the lattice vectors are not those of the reciprocal lattice beside them")
    order = _order(text, F=r"POSITION +TOTAL-FORCE", E=r"FREE ENERGIE OF THE ION-ELECTRON SYSTEM")
    _require_turns(order, "(?:FE)*F?|E+")
    potentials = re.findall(r"POTCAR: +(\S+ \S+)", text)
    titles = re.findall(r"TITEL += +(\S+ \S+)", text)
    half = len(potentials) // 2
    if potentials[:half] != potentials[half:] or (titles and titles != potentials[:half]):
        raise ValueError("the elements are named in several orders")


def _qchem(text: str) -> None:
    geometry = r" *(\d+) +[A-Z][a-z]?" + rf"(?: +{_NUMBER}){{3}} *"
    geometries = _rows(text, r"^ +I +Atom +X +Y +Z.*\n *-+", geometry)
    n_atoms = len(geometries[0]) if geometries else 0
    _require_counted(geometries, n_atoms)
    gradient = r"^.*(?:Gradient of \S+ Energy|Full Analytical Gradient).*\n((?: *\d+(?: +-?[\d.]+)* *\n)*)"
    for table in re.finditer(gradient, text, re.MULTILINE):
        # the atoms go to the right, six in each part, and x, y, z are the rows below them
        rows = [line.split() for line in table.group(1).splitlines()]
        atoms = [atom for heads in rows[::4] for atom in heads]
        complete = all(
            [row[0] for row in rows[k + 1 : k + 4]] == ["1", "2", "3"]
            and {len(row) for row in rows[k + 1 : k + 4]} == {len(rows[k]) + 1}
            for k in range(0, len(rows), 4)
        )
        if not complete or atoms != [str(atom) for atom in range(1, n_atoms + 1)]:
            raise ValueError("the gradient is not of all atoms in their order")


#: By program and reader.
_CHECKS: dict[tuple[str, str], Callable[[str], None]] = {
    ("FHI-aims", "ase:aims-output"): _aims,
    ("VASP", "ase:vasp-out"): _vasp,
    ("Q-Chem", "cclib"): _qchem,
}
