"""Equipartition: at equilibrium all kinds of motion and all elements have the same temperature, T = 2 E_kin/(k f).

Otherwise the thermostat or the time step is at fault. When the molecule as a whole speeds up while its vibrations cool, it is a
flying ice cube (Harvey, Tan and Cheatham, J. Comput. Chem. 19, 726, 1998).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from ase import units
from ase.data import chemical_symbols
from jaxtyping import Float

from supple.molecule.rigid_modes import motions
from supple.runtime.rounding import rounded
from supple.simulation.analysis.block_errors import block_numbers, standard_error
from supple.simulation.trajectories import Trajectory

#: K; below this, translation or rotation is frozen.
_FROZEN = 1.0
#: Temperatures differ if by more than this many standard errors, and by more than this fraction.
_ERRORS, _FRACTION = 4.0, 0.03
#: Motions of the molecule as a whole.
_RIGID = ("translation", "rotation")


@dataclass(frozen=True)
class Temperature:
    """Of one kind of motion.

    Attributes:
        motion: `translation`, `rotation`, `vibration`, or the vibration of an element's atoms, as in `vibration of H`.
        kelvin: mean temperature, K.
        error: its standard error, K; NaN with too few frames.
        degrees_of_freedom: over which the kinetic energy is averaged.
    """

    motion: str
    kelvin: float
    error: float
    degrees_of_freedom: float

    @property
    def frozen(self) -> bool:
        """Whether the molecule does not translate or rotate, as in NVE."""
        return self.motion in _RIGID and self.kelvin < _FROZEN


@dataclass(frozen=True)
class Equipartition:
    """Temperatures of all kinds of motion."""

    temperatures: tuple[Temperature, ...]

    @property
    def vibration(self) -> Temperature:
        """Of all vibrations together."""
        return next(t for t in self.temperatures if t.motion == "vibration")

    @property
    def degrees_of_freedom(self) -> float:
        """Those that are not frozen."""
        return sum(
            t.degrees_of_freedom for t in self.temperatures if t.motion in (*_RIGID, "vibration") and not t.frozen
        )

    @property
    def violations(self) -> list[Temperature]:
        """Temperatures that differ significantly from that of all vibrations; frozen motions do not count."""
        vibration = self.vibration
        return [
            t
            for t in self.temperatures
            if not t.frozen
            and abs(t.kelvin - vibration.kelvin) > _ERRORS * np.hypot(t.error, vibration.error)
            and abs(t.kelvin - vibration.kelvin) > _FRACTION * vibration.kelvin
        ]

    def sentence(self) -> str:
        """Whether all temperatures agree, and if not, why."""
        vibration, violations = self.vibration, self.violations
        names = [t.motion for t in self.temperatures if t.frozen]
        frozen = f"; {' and '.join(names)} {'are' if len(names) > 1 else 'is'} frozen" if names else ""
        sentence = f"The vibrational temperature is {vibration.kelvin:.0f} ± {rounded(vibration.error, 2)} K"
        if not violations:
            return f"{sentence}, and that of every kind of motion agrees within its error{frozen}."
        found = ", ".join(f"{t.motion} {t.kelvin:.0f} ± {rounded(t.error, 2)} K" for t in violations)
        if any(t.motion in _RIGID and t.kelvin > vibration.kelvin for t in violations):
            why = (
                "energy has flowed from the vibrations into translation or rotation of the molecule (a flying ice cube)"
            )
        else:
            why = "the run is too short to reach equilibrium, or the thermostat or the time step is at fault"
        return f"{sentence}, but equipartition is violated: {found}; {why}{frozen}."


def equipartition(trajectories: list[Trajectory]) -> Equipartition:
    """Temperatures from trajectories of one molecule that all have momenta.

    The vibrational degrees of freedom of an atom are the trace of the projector onto vibrations over its coordinates: a heavy
    atom has fewer of them than a light one.
    """
    numbers, masses = trajectories[0].numbers, trajectories[0].masses
    atomic: list[Float[np.ndarray, "M N"]] = []
    whole_molecule: list[Float[np.ndarray, "M 2"]] = []
    shares, turns = np.zeros(len(numbers)), 3
    for one in trajectories:
        assert one.velocities is not None
        found = motions(one.positions, one.velocities, masses)
        atomic.append(0.5 * (found.vibration**2).sum(axis=2))
        rigid = [0.5 * (v**2).sum(axis=(1, 2)) for v in (found.translation, found.rotation)]
        whole_molecule.append(np.stack(rigid, axis=1))
        shares += found.shares * len(one)
        turns = found.n_rotations
    shares /= sum(len(one) for one in trajectories)
    block = block_numbers([len(one) for one in trajectories])
    vibration, rigid_energy = np.concatenate(atomic), np.concatenate(whole_molecule)

    def temperature(motion: str, energies: Float[np.ndarray, "M"], degrees_of_freedom: float) -> Temperature:
        kelvin = 2 * energies / (units.kB * degrees_of_freedom)
        return Temperature(motion, float(kelvin.mean()), float(standard_error(kelvin, block)), degrees_of_freedom)

    temperatures = [
        temperature("translation", rigid_energy[:, 0], 3.0),
        temperature("rotation", rigid_energy[:, 1], float(turns)),
        temperature("vibration", vibration.sum(axis=1), float(shares.sum())),
    ]
    for z in sorted(set(numbers.tolist())):
        atoms = numbers == z
        energies = vibration[:, atoms].sum(axis=1)
        temperatures.append(temperature(f"vibration of {chemical_symbols[z]}", energies, float(shares[atoms].sum())))
    return Equipartition(tuple(temperatures))
