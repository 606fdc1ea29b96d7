"""A coordinate to scan: a torsion of four atoms, or an angle of three, driven by turning one side of the molecule."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import networkx as nx
import numpy as np
from ase import Atoms
from jaxtyping import Float

from supple.errors import SettingsError
from supple.molecule.bonds import bond_graph
from supple.molecule.torsions import folded, rotatable_torsions


@dataclass(frozen=True)
class Coordinate:
    """Atoms i-j-k-l of a torsion, or i-j-k of an angle, counted from 0, and the atoms that turn."""

    atoms: tuple[int, ...]
    turning: tuple[int, ...]

    @classmethod
    def of(cls, molecule: Atoms, text: str | None) -> Coordinate:
        """From `1-7-8-9` or `1-2-3`, atoms counted from 1; the torsion that turns most atoms when None.

        Raises:
            SettingsError: the text does not name bonded atoms of the molecule, or a side to turn.
        """
        graph = bond_graph(molecule.numbers, molecule.positions[None])
        if text is None:
            torsions = rotatable_torsions(molecule.numbers, molecule.positions[None])
            if not torsions:
                raise SettingsError(f"{molecule.get_chemical_formula()} has no torsion to scan.")
            atoms: tuple[int, ...] = torsions[0].atoms
        else:
            try:
                atoms = tuple(int(word) - 1 for word in text.split("-"))
            except ValueError:
                atoms = ()
            if len(atoms) not in (3, 4) or len(set(atoms)) < len(atoms):
                raise SettingsError(
                    f"'{text}' is no coordinate: write four atoms of a torsion, as 1-7-8-9, or three of an angle."
                )
            if not all(0 <= a < len(molecule) for a in atoms):
                raise SettingsError(f"'{text}' names an atom that is not there: the molecule has {len(molecule)}.")
            for a, b in pairwise(atoms):
                if not graph.has_edge(a, b):
                    raise SettingsError(f"Atoms {a + 1} and {b + 1} of '{text}' are not bonded.")
        # What turns is what hangs on the last bond: of a torsion the middle one, of an angle the second.
        still, moving = (atoms[1], atoms[2])
        cut = graph.copy()
        cut.remove_edge(still, moving)
        side = nx.node_connected_component(cut, moving)
        if still in side:
            raise SettingsError(f"The bond of atoms {still + 1} and {moving + 1} lies in a ring: it cannot be turned.")
        return cls(tuple(atoms), tuple(sorted(side)))

    @property
    def is_torsion(self) -> bool:
        """Four atoms."""
        return len(self.atoms) == 4

    def label(self, molecule: Atoms) -> str:
        """As `C1-N7-N8-C9`."""
        return "-".join(f"{molecule.symbols[a]}{a + 1}" for a in self.atoms)

    def value(self, molecule: Atoms) -> float:
        """Degrees; a torsion from -180 to 180."""
        if self.is_torsion:
            return float(folded(np.array(molecule.get_dihedral(*self.atoms))))
        return float(molecule.get_angle(*self.atoms))

    def normal(self, molecule: Atoms, before: Float[np.ndarray, "3"] | None = None) -> Float[np.ndarray, "3"]:
        """What the turning side turns about: the bond of a torsion, the normal to an angle's plane.

        Near 180 degrees an angle has no plane: it keeps the one before.
        """
        r = molecule.positions
        if self.is_torsion:
            axis = r[self.atoms[2]] - r[self.atoms[1]]
        else:
            i, j, k = self.atoms
            axis = np.cross(r[k] - r[j], r[i] - r[j])
            small = np.linalg.norm(axis) < 0.2 * np.linalg.norm(r[k] - r[j]) * np.linalg.norm(r[i] - r[j])
            if before is not None:
                axis = before if small else np.copysign(1.0, axis @ before) * axis
        return axis / np.linalg.norm(axis)

    def turned(self, molecule: Atoms, degrees: float, axis: Float[np.ndarray, "3"]) -> Atoms:
        """The molecule with one side turned, to a larger torsion, or a wider angle."""
        turned = Atoms(molecule.numbers, molecule.positions)
        pivot = turned.positions[self.atoms[1]]
        side = Atoms(turned.numbers[list(self.turning)], turned.positions[list(self.turning)])
        side.rotate(degrees if self.is_torsion else -degrees, axis, center=pivot)
        turned.positions[list(self.turning)] = side.positions
        return turned
