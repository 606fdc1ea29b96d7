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

from supple.sampling.bench import Bench, Draw, Labelled, Segment

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
    start: str | None = Field(None, description="Another geometry to start from: a file, or a bundled name.")

    def segments(self, bench: Bench) -> list[Segment]:
        """One, for the Hessian is needed once."""
        return [_Displaced(f"modes_{self.temperature:g}K{'_wigner' if self.quantum else ''}", self.frames, self)]


@dataclass(frozen=True)
class _Displaced(Segment):
    name: str
    expected: int
    draw: Modes

    def frames(self, bench: Bench, done: int, state: dict[str, Any] | None) -> Iterator[Labelled]:
        """Each from random numbers of its own, so that it does not matter where they are taken up again."""
        if state is None:
            minimum = bench.relaxed(bench.start(self.draw.start), fmax=1e-3, steps=1000)
            frequencies, modes = normal_modes(minimum, bench)
            kept = {"minimum": minimum.positions.tolist(), "frequencies": frequencies.tolist(), "modes": modes.tolist()}
        else:
            kept = state
            minimum = Atoms(bench.start(self.draw.start).numbers, np.array(kept["minimum"]))
            frequencies, modes = np.array(kept["frequencies"]), np.array(kept["modes"])
        widths = displacements(frequencies, self.draw.temperature, self.draw.quantum)
        for k in range(done, self.expected):
            amounts = bench.rng(f"{self.name}/{k}").standard_normal(len(widths)) * widths
            moved = Atoms(minimum.numbers, minimum.positions + np.einsum("v,vnc->nc", amounts, modes))
            yield bench.label(
                moved, {"temperature": self.draw.temperature}, kept if k == done and state is None else None
            )


def normal_modes(minimum: Atoms, bench: Bench) -> tuple[Float[np.ndarray, "V"], Float[np.ndarray, "V N 3"]]:
    """Frequencies in ASE's units, and displacements for one unit of mass-weighted Q, of the 3N - 6 vibrations."""
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
    keep = _internal(minimum, root)
    squares, vectors = np.linalg.eigh(keep.T @ weighted @ keep)
    modes = (keep @ vectors).T / root
    softest = _SOFTEST * units.invcm / _HBAR
    return np.sqrt(np.maximum(squares, softest**2)), modes.reshape(-1, n, 3)


def displacements(frequencies: Float[np.ndarray, "V"], kelvin: float, quantum: bool) -> Float[np.ndarray, "V"]:
    """The standard deviation of Q for each mode."""
    thermal = units.kB * kelvin
    if not quantum:
        return np.sqrt(thermal) / frequencies
    return np.sqrt(_HBAR / (2 * frequencies) / np.tanh(_HBAR * frequencies / (2 * thermal)))


def _internal(minimum: Atoms, root: Float[np.ndarray, "C"]) -> Float[np.ndarray, "C V"]:
    """Mass-weighted directions without translation and rotation."""
    centred = minimum.positions - minimum.get_center_of_mass()
    rigid = []
    for axis in np.eye(3):
        rigid.append(root * np.tile(axis, len(minimum)))
        rigid.append(root * np.cross(axis, centred).ravel())
    left, singular, _ = np.linalg.svd(np.array(rigid).T, full_matrices=True)
    return left[:, int((singular > 1e-6 * singular[0]).sum()) :]
