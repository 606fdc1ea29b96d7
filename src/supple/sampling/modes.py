"""Geometries displaced along the normal modes of the relaxed molecule, as at a temperature.

classical: ⟨Q²⟩ = kT/ω² ;   Wigner: ⟨Q²⟩ = ħ/(2ω) coth(ħω/2kT)       (mass-weighted Q)
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from ase import Atoms, units
from jaxtyping import Float
from pydantic import Field, PositiveFloat, PositiveInt

from supple.geometry.driven import Driven
from supple.molecule.rigid_modes import vibrational_basis
from supple.sampling.context import Bench, Draw, Labelled, Segment
from supple.sampling.molecules import short_name

#: eV/Å; so far the molecule is relaxed, in about so many calculations.
_FMAX, _RELAXATION = 1e-3, 60
#: Å, of the finite differences that make the Hessian.
_SHIFT = 0.005
_HBAR = units._hbar * units.J * units.s
#: cm⁻¹; softer modes are displaced as if they were as stiff as this, for they are not harmonic that far.
_SOFTEST = 40.0


class Modes(Draw):
    """Harmonic thermal displacements from the relaxed molecule."""

    kind: Literal["modes"] = "modes"
    temperature: PositiveFloat = Field(300.0, description="K.")
    frames: PositiveInt = Field(100, description="How many.")
    quantum: bool = Field(False, description="Wigner's distribution, with zero-point motion, instead of the classical.")

    def segments(self, bench: Bench) -> list[Segment]:
        """One, for the Hessian is needed once."""
        of = f"{short_name(self.start)}_" if self.start else ""
        name = f"modes_{of}{self.temperature:g}K{'_wigner' if self.quantum else ''}"
        effort = 6 * len(bench.start(self.start)) + _RELAXATION + self.frames
        return [_Displaced(name, self.frames, effort, self)]


@dataclass(frozen=True)
class _Displaced(Segment):
    name: str
    expected: int
    calculations: int
    draw: Modes

    def frames(self, bench: Bench, done: int, state: dict[str, Any] | None) -> Iterator[Labelled]:
        """Each from random numbers of its own, so that it does not matter where they are taken up again."""
        if state is None:
            minimum, settled = bench.relaxed(bench.start(self.draw.start), fmax=_FMAX, steps=1000)
            frequencies, modes = normal_modes(minimum, bench)
            kept = {"minimum": minimum.positions.tolist(), "frequencies": frequencies.tolist(), "modes": modes.tolist()}
        else:
            kept, settled = state, True
            minimum = Atoms(bench.start(self.draw.start).numbers, np.array(kept["minimum"]))
            frequencies, modes = np.array(kept["frequencies"]), np.array(kept["modes"])
        remark = None
        if not settled:
            remark = f"displaced from a geometry that was not relaxed to {_FMAX:g} eV/Å in 1000 steps"
        elif (frequencies < 0).any():
            remark = "displaced from a saddle, not from a minimum"
        widths = displacements(frequencies, self.draw.temperature, self.draw.quantum)
        for k in range(done, self.expected):
            amounts = bench.rng(f"{self.name}/{k}").standard_normal(len(widths)) * widths
            moved = Atoms(minimum.numbers, minimum.positions + np.einsum("v,vnc->nc", amounts, modes))
            about = {"temperature": self.draw.temperature}
            yield bench.label(moved, about, kept if k == 0 else None, remark if k == 0 else None)


def normal_modes(minimum: Atoms, bench: Driven) -> tuple[Float[np.ndarray, "V"], Float[np.ndarray, "V N 3"]]:
    """Frequencies in ASE's units, and displacements for one unit of mass-weighted Q, of the 3N - 6 vibrations.

    Imaginary frequencies are negative, as is the custom.
    """
    n = len(minimum)
    calculator = bench.driver()
    hessian = np.empty((3 * n, 3 * n))
    for row in range(3 * n):
        ends = []
        for sign in (1, -1):
            moved = Atoms(minimum.numbers, minimum.positions)
            moved.positions.reshape(-1)[row] += sign * _SHIFT
            moved.calc = calculator
            ends.append(moved.get_forces().ravel())
        hessian[row] = -(ends[0] - ends[1]) / (2 * _SHIFT)
    root = np.repeat(np.sqrt(minimum.get_masses()), 3)
    weighted = (hessian + hessian.T) / 2 / np.outer(root, root)
    keep = vibrational_basis(minimum.positions, minimum.get_masses())
    squares, vectors = np.linalg.eigh(keep.T @ weighted @ keep)
    modes = (keep @ vectors).T / root
    return np.sign(squares) * np.sqrt(np.abs(squares)), modes.reshape(-1, n, 3)


def wavenumbers(frequencies: Float[np.ndarray, "V"]) -> Float[np.ndarray, "V"]:
    """Frequencies in ASE's units, as they come from `normal_modes`, in cm⁻¹; imaginary ones stay negative."""
    return frequencies * (_HBAR / units.invcm)


def displacements(frequencies: Float[np.ndarray, "V"], kelvin: float, quantum: bool) -> Float[np.ndarray, "V"]:
    """The standard deviation of Q for each mode."""
    thermal = units.kB * kelvin
    frequencies = np.maximum(frequencies, _SOFTEST * units.invcm / _HBAR)
    if not quantum:
        return np.sqrt(thermal) / frequencies
    return np.sqrt(_HBAR / (2 * frequencies) / np.tanh(_HBAR * frequencies / (2 * thermal)))
