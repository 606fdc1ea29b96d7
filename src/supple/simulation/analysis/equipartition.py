"""Equipartition: at equilibrium every kind of motion and every element has the same temperature, T = 2 E_kin/(k f).

Where it does not, the thermostat or the time step is at fault; the whole molecule speeding up while its vibrations cool is the
flying ice cube (Harvey, Tan and Cheatham, J. Comput. Chem. 19, 726, 1998).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from ase import units
from ase.data import chemical_symbols
from jaxtyping import Float

from supple.molecule.rigid_modes import motions
from supple.simulation.analysis.block_errors import block_numbers, standard_error
from supple.simulation.trajectories.reader import Trajectory

#: K; below this, a molecule neither moves nor turns.
_AT_REST = 1.0
#: Temperatures differ when by more than so many standard errors, and by more than this part.
_ERRORS, _PART = 4.0, 0.03


@dataclass(frozen=True)
class Temperature:
    """Of one kind of motion.

    Attributes:
        of: `translation`, `rotation`, `vibration`, or the vibration of an element's atoms, as `vibration of H`.
        kelvin: the mean.
        error: its standard error, K; NaN where there are too few frames.
        freedom: degrees of freedom that it is an average over.
    """

    of: str
    kelvin: float
    error: float
    freedom: float

    @property
    def frozen(self) -> bool:
        """Whether the molecule as a whole does not move or turn, as at constant energy."""
        return self.of in ("translation", "rotation") and self.kelvin < _AT_REST


@dataclass(frozen=True)
class Equipartition:
    """Temperatures of all kinds of motion."""

    temperatures: tuple[Temperature, ...]

    @property
    def vibration(self) -> Temperature:
        """Of all vibrations together."""
        return next(t for t in self.temperatures if t.of == "vibration")

    @property
    def odd(self) -> list[Temperature]:
        """Those that differ from that of all vibrations beyond their errors; a molecule that is at rest does not count."""
        whole = self.vibration
        return [
            t
            for t in self.temperatures
            if not t.frozen
            and abs(t.kelvin - whole.kelvin) > _ERRORS * np.hypot(t.error, whole.error)
            and abs(t.kelvin - whole.kelvin) > _PART * whole.kelvin
        ]

    def sentence(self) -> str:
        """Whether all is as it should be."""
        whole = self.vibration
        rest = [t.of for t in self.temperatures if t.frozen]
        at_rest = f"; {' and '.join(rest)} are frozen" if len(rest) == 2 else f"; {rest[0]} is frozen" if rest else ""
        said = f"The vibrations have {whole.kelvin:.0f} ± {whole.error:.2g} K"
        if not self.odd:
            return f"{said}, and every kind of motion agrees within its error{at_rest}."
        odd = ", ".join(f"{t.of} {t.kelvin:.0f} ± {t.error:.2g} K" for t in self.odd)
        hot = [t for t in self.odd if t.of in ("translation", "rotation") and t.kelvin > whole.kelvin]
        why = (
            "the heat of the vibrations went into moving or turning the whole molecule (a flying ice cube)"
            if hot
            else "the run is too short to have come to equilibrium, or thermostat or time step are at fault"
        )
        return f"{said}, but equipartition is violated: {odd}; {why}{at_rest}."


def equipartition(trajectories: list[Trajectory]) -> Equipartition:
    """From trajectories of one molecule that all have momenta.

    The vibrational degrees of freedom of an atom are the trace of the projector onto vibrations over its coordinates: a heavy
    atom has more of them than a light one.
    """
    numbers, masses = trajectories[0].numbers, trajectories[0].masses
    parts: list[Float[np.ndarray, "M N"]] = []
    whole: list[Float[np.ndarray, "M 2"]] = []
    shares, turns = np.zeros(len(numbers)), 3
    for one in trajectories:
        assert one.velocities is not None
        found = motions(one.positions, one.velocities, masses)
        parts.append(0.5 * (found.vibration**2).sum(axis=2))
        rigid = [0.5 * (v**2).sum(axis=(1, 2)) for v in (found.translation, found.rotation)]
        whole.append(np.stack(rigid, axis=1))
        shares += found.shares * len(one)
        turns = found.n_rotations
    shares /= sum(len(one) for one in trajectories)
    block = block_numbers([len(one) for one in trajectories])
    vibration, rigid_energy = np.concatenate(parts), np.concatenate(whole)

    def temperature(of: str, energies: Float[np.ndarray, "M"], freedom: float) -> Temperature:
        kelvin = 2 * energies / (units.kB * freedom)
        return Temperature(of, float(kelvin.mean()), float(standard_error(kelvin, block)), freedom)

    made = [
        temperature("translation", rigid_energy[:, 0], 3.0),
        temperature("rotation", rigid_energy[:, 1], float(turns)),
        temperature("vibration", vibration.sum(axis=1), float(shares.sum())),
    ]
    for z in sorted(set(numbers.tolist())):
        atoms = numbers == z
        energies = vibration[:, atoms].sum(axis=1)
        made.append(temperature(f"vibration of {chemical_symbols[z]}", energies, float(shares[atoms].sum())))
    return Equipartition(tuple(made))
