"""The names that could be the labels of a file, and the choice among them: one set of one source, or an error that says what to type."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

from supple.data.reading.keys import Key, Keys
from supple.data.reading.labels.label_names import LabelName
from supple.errors import DataError

#: The names of the set that needs no other sign: others beside it are of no importance unless they are a set, too.
_STANDARD = {"energy", "energies", "force", "forces", "free_energy"}
_SHOWN = 4


class UnclearLabelsError(DataError):
    """It is unclear which names are the labels."""


@dataclass(frozen=True)
class LabelCandidates:
    """The names that could be the labels."""

    energies: list[LabelName]
    forces: list[LabelName]
    keys: Keys

    def choose(self, file: str) -> tuple[LabelName | None, LabelName | None]:
        """The energy and the forces of the only set.

        Raises:
            UnclearLabelsError: there are several, or it is unclear what belongs together.
        """
        sources = [e.source for e in self.energies if e.source in {f.source for f in self.forces}]
        sets = [(e, f) for e in self.energies for f in self.forces if e.source == f.source]
        if len(sets) == 1 and self._stands_out(*sets[0]):
            return sets[0]
        if len(set(sources)) > 1:
            names = "; ".join(f"{e.name} with {f.name}" for e, f in sets)
            raise UnclearLabelsError(
                f"{file} has {len(sets)} sets of energies and forces ({names}): {self._choose_one(sets)}."
            )
        if len(self.energies) > 1 or len(self.forces) > 1:
            unclear = [
                f"{len(found)} names that could be the {quantity} ({', '.join(f.name for f in found)})"
                for quantity, found in (("energy", self.energies), ("forces", self.forces))
                if len(found) > 1
            ]
            raise UnclearLabelsError(f"{file} has {' and '.join(unclear)}: {self._choose_one()}.")
        energy, forces = only(self.energies), only(self.forces)
        if energy is not None and forces is not None and not self._belong_together(energy, forces):
            raise UnclearLabelsError(
                f"{file} has the energy {energy.name} and the forces {forces.name}, which by their names are of different "
                f"sources: if they belong together, use {keys_line(energy.name, Key(forces.name), self.keys)}."
            )
        return energy, forces

    def no_clear_energy(self, file: str, others: list[LabelName]) -> UnclearLabelsError:
        """The error of a file that has only other energies than that of the geometry."""
        forces = Key(self.forces[0].name) if len(self.forces) == 1 else None
        return UnclearLabelsError(
            f"{file} has no energy that by its name is that of the geometry (it has {', '.join(e.name for e in others)}): if the "
            f"forces are its derivative, use {keys_line(others[0].name, forces, self.keys)}; to read the forces alone, use "
            f"{keys_line('none', forces, self.keys)}."
        )

    def _stands_out(self, energy: LabelName, forces: LabelName) -> bool:
        """Whether a set is the one that is meant, whatever other energies or forces, without their counterpart, there are."""
        others = [label for label in (*self.energies, *self.forces) if label not in (energy, forces)]
        if not self._some_given and energy.of_a_model and not all(label.of_a_model for label in others):
            return False
        named = bool(energy.source) or {energy.name.lower(), forces.name.lower()} <= _STANDARD
        same_source = any(label.source == energy.source for label in others)
        return not others or (named and not same_source)

    def _belong_together(self, energy: LabelName, forces: LabelName) -> bool:
        if self._some_given:
            return True
        nested = energy.source <= forces.source or forces.source <= energy.source
        return nested and energy.of_a_model == forces.of_a_model

    @property
    def _some_given(self) -> bool:
        return self.keys.energy is not None or self.keys.forces is not None

    def _choose_one(self, sets: Sequence[tuple[LabelName | None, LabelName | None]] = ()) -> str:
        """What to type: one of these sets, or else any energy with any forces."""
        energies: list[LabelName | None] = [*self.energies] or [None]
        forces: list[LabelName | None] = [*self.forces] or [None]
        lines = [
            keys_line(None if e is None else e.name, None if f is None else Key(f.name), self.keys)
            for e, f in sets or product(energies, forces)
        ]
        more = ", ..." if len(lines) > _SHOWN else ""
        return f"choose one with {' or '.join(lines[:_SHOWN])}{more}"


def only(labels: list[LabelName]) -> LabelName | None:
    """The only one of several names, if so."""
    return labels[0] if len(labels) == 1 else None


def keys_line(energy: str | None, forces: Key | None, keys: Keys | None = None) -> str:
    """What to type to read these labels, with the keys that were given before."""
    given = keys or Keys()
    parts = {
        "numbers": given.numbers, "positions": given.positions,
        "energy": given.energy or (None if energy is None else Key(energy)), "forces": given.forces or forces,
    }  # fmt: skip
    return f"--keys {shlex.quote(','.join(f'{quantity}={key}' for quantity, key in parts.items() if key is not None))}"
