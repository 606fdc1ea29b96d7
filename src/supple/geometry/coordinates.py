"""A coordinate to scan: a torsion of four atoms or an angle of three, changed by turning one side of the molecule."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise

import networkx as nx
import numpy as np
from ase import Atoms
from jaxtyping import Float

from supple.errors import SettingsError
from supple.molecule.bonds import bond_graph
from supple.molecule.torsions import folded, rotatable_torsions

#: An atom as users write it: 7, N7, or H7/H8 as in the labels of `supple check`.
_ATOM = re.compile(r"(?P<symbol>[A-Z][a-z]?)?(?P<number>\d+)(/.*)?")

#: Three atoms with an angle beyond this, in degrees, define no plane.
_LINEAR = 175.0


@dataclass(frozen=True)
class Coordinate:
    """A torsion i-j-k-l or an angle i-j-k.

    Attributes:
        atoms: the four or three atoms, counted from 0.
        turning: the atoms that turn when the coordinate changes.
    """

    atoms: tuple[int, ...]
    turning: tuple[int, ...]

    @classmethod
    def parse(cls, molecule: Atoms, text: str | None, *, torsions_only: bool = False) -> Coordinate:
        """The coordinate that a user names, as `1-7-8-9` or `C1-N7-N8-C9`, atoms counted from 1.

        Where a label of `supple check` measures an end by two atoms, `H7/H8`, the first is taken.

        Args:
            molecule: the molecule; its geometry decides which atoms are bonded.
            text: the name; by default the torsion that rotates most atoms.
            torsions_only: whether an angle is refused.

        Raises:
            SettingsError: the text does not name bonded atoms of the molecule, or no side can be turned.
        """
        if text is None:
            torsions = rotatable_torsions(molecule.numbers, molecule.positions[None])
            if not torsions:
                raise SettingsError(f"{molecule.get_chemical_formula()} has no torsion to scan.")
            return cls.from_atoms(molecule, torsions[0].atoms)
        found = [_ATOM.fullmatch(word.strip()) for word in text.split("-")]
        named = [match for match in found if match is not None]
        atoms = tuple(int(match["number"]) - 1 for match in named)
        if len(named) < len(found) or len(atoms) not in ((4,) if torsions_only else (3, 4)):
            what, angle = ("torsion", "") if torsions_only else ("coordinate", ", or the three of an angle")
            raise SettingsError(
                f"'{text}' is not a {what}: write the four atoms of a torsion, such as 1-7-8-9 or C1-N7-N8-C9{angle}."
            )
        for match, atom in zip(named, atoms, strict=True):
            if not 0 <= atom < len(molecule):
                raise SettingsError(f"'{text}' names atom {atom + 1}, but the molecule has {len(molecule)} atoms.")
            if match["symbol"] not in (None, molecule.symbols[atom]):
                raise SettingsError(
                    f"Atom {atom + 1} of the molecule is {molecule.symbols[atom]}, not {match['symbol']} as in '{text}'."
                )
        if len(set(atoms)) < len(atoms):
            raise SettingsError(f"'{text}' names an atom twice.")
        return cls.from_atoms(molecule, atoms)

    @classmethod
    def from_atoms(cls, molecule: Atoms, atoms: tuple[int, ...]) -> Coordinate:
        """The coordinate of these atoms, counted from 0.

        Raises:
            SettingsError: they are not bonded in this order, the bond to turn about is part of a ring, or three atoms of a
            torsion are in a line.
        """
        graph = bond_graph(molecule.numbers, molecule.positions[None])
        for a, b in pairwise(atoms):
            if not graph.has_edge(a, b):
                names = "-".join(str(atom + 1) for atom in atoms)
                raise SettingsError(f"Atoms {a + 1} and {b + 1} of '{names}' are not bonded.")
        for i, j, k in zip(atoms, atoms[1:], atoms[2:], strict=False) if len(atoms) == 4 else ():
            if molecule.get_angle(i, j, k) > _LINEAR:
                raise SettingsError(
                    f"Atoms {i + 1}, {j + 1} and {k + 1} are in a line: there is no torsion about their bonds."
                )
        # What hangs on the middle bond of a torsion turns, and what hangs on the second bond of an angle.
        fixed, moving = atoms[1], atoms[2]
        graph.remove_edge(fixed, moving)
        side = nx.node_connected_component(graph, moving)
        if fixed in side:
            raise SettingsError(
                f"The bond between atoms {fixed + 1} and {moving + 1} is part of a ring: it cannot be rotated."
            )
        return cls(tuple(atoms), tuple(sorted(side)))

    @property
    def is_torsion(self) -> bool:
        """Whether it is a torsion, of four atoms; otherwise it is an angle."""
        return len(self.atoms) == 4

    def label(self, molecule: Atoms) -> str:
        """The name with elements, such as `C1-N7-N8-C9`."""
        return "-".join(f"{molecule.symbols[a]}{a + 1}" for a in self.atoms)

    def value(self, molecule: Atoms) -> float:
        """Its value in degrees: of a torsion from -180 to 180, of an angle from 0 to 180."""
        if self.is_torsion:
            return float(folded(np.array(molecule.get_dihedral(*self.atoms))))
        return float(molecule.get_angle(*self.atoms))

    def axis(self, molecule: Atoms, previous: Float[np.ndarray, "3"] | None = None) -> Float[np.ndarray, "3"]:
        """The unit vector to turn about: the bond of a torsion, the normal to the plane of an angle.

        Near 180 degrees an angle has no plane: there the `previous` axis is kept.
        """
        r = molecule.positions
        if self.is_torsion:
            axis = r[self.atoms[2]] - r[self.atoms[1]]
        else:
            i, j, k = self.atoms
            axis = np.cross(r[k] - r[j], r[i] - r[j])
            small = np.linalg.norm(axis) < 0.2 * np.linalg.norm(r[k] - r[j]) * np.linalg.norm(r[i] - r[j])
            if previous is not None:
                axis = previous if small else np.copysign(1.0, axis @ previous) * axis
        return axis / np.linalg.norm(axis)

    def turned(self, molecule: Atoms, degrees: float, axis: Float[np.ndarray, "3"]) -> Atoms:
        """The molecule with one side turned by this many degrees, towards a larger torsion or a wider angle."""
        turned = Atoms(molecule.numbers, molecule.positions)
        pivot = turned.positions[self.atoms[1]]
        side = Atoms(turned.numbers[list(self.turning)], turned.positions[list(self.turning)])
        side.rotate(degrees if self.is_torsion else -degrees, axis, center=pivot)
        turned.positions[list(self.turning)] = side.positions
        return turned
