"""The vibrational density of states: the spectrum of the mass-weighted velocity autocorrelation.

    C(t) = Σ_i m_i <v_i(0)·v_i(t)> / Σ_i m_i <v_i²> ;   D(ν) = 4 ∫_0^∞ C(t) cos(2πνt) dt ,   ∫_0^∞ D dν = 1

Dickey and Paskin, Phys. Rev. 188, 1407 (1969), doi 10.1103/PhysRev.188.1407. The autocorrelation is damped by Parzen's window,
whose spectrum is nowhere negative (Parzen, Technometrics 3, 167, 1961).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from ase import units
from ase.data import chemical_symbols
from jaxtyping import Float

from supple.molecule.rigid_modes import motions
from supple.simulation.trajectories.reader import Trajectory

#: cm⁻¹ of one oscillation in a fs.
PER_FS = 1e15 / (units._c * 100)
#: fs; so far the autocorrelation is followed, or for a quarter of the trajectory.
_LONGEST = 4000.0
#: Full width at half maximum of a line, times the length of the window.
_WIDTH = 1.27
#: cm⁻¹; vibrations of hydrogen are below the first, others below the second.
_HIGHEST_H, _HIGHEST = 4000.0, 2500.0
#: Part of the highest peak that a peak rises above its surroundings.
_PEAK = 0.04


@dataclass(frozen=True, eq=False)
class Spectrum:
    """Density of states.

    Attributes:
        wavenumbers: cm⁻¹, shape (K,).
        density: cm, shape (K,); its integral is 1.
        by_element: what the atoms of each element add to it.
        resolution: cm⁻¹; the width of a sharp line.
    """

    wavenumbers: Float[np.ndarray, "K"]
    density: Float[np.ndarray, "K"]
    by_element: dict[str, Float[np.ndarray, "K"]]
    resolution: float

    @property
    def peaks(self) -> list[float]:
        """Places of the clear peaks, cm⁻¹."""
        from scipy.signal import find_peaks

        found, _ = find_peaks(self.density, prominence=_PEAK * self.density.max())
        return [float(self.wavenumbers[k]) for k in found]


def highest_seen(step: float) -> float:
    """cm⁻¹; faster vibrations are folded onto slower ones when frames are `step` fs apart (Nyquist)."""
    return PER_FS / (2 * step)


def highest_expected(trajectory: Trajectory) -> float:
    """cm⁻¹; no vibration of the molecule is faster."""
    return _HIGHEST_H if (trajectory.numbers == 1).any() else _HIGHEST


def spectrum(trajectories: list[Trajectory]) -> Spectrum:
    """From trajectories of one molecule that have momenta and frames at equal times, the same for all.

    Moving and turning as a whole are taken out of the velocities frame by frame.
    """
    first = trajectories[0]
    step = first.step
    assert step is not None
    shortest = min(len(one) for one in trajectories)
    lags = max(min(round(_LONGEST / step), shortest // 4), 2)
    correlation = np.zeros((len(first.numbers), lags))
    for one in trajectories:
        assert one.velocities is not None
        correlation += _autocorrelation(motions(one.positions, one.velocities, one.masses).vibration, lags)
    correlation /= correlation[:, 0].sum()
    t = np.arange(lags) / lags
    window = np.where(t <= 0.5, 1 - 6 * t**2 * (1 - t), 2 * (1 - t) ** 3)
    n = 1 << int(8 * lags - 1).bit_length()
    even = np.zeros((len(correlation), n))
    even[:, :lags] = correlation * window
    even[:, n - lags + 1 :] = even[:, lags - 1 : 0 : -1]
    spectra = 2 * step / PER_FS * np.fft.rfft(even, axis=1).real
    wavenumbers = np.fft.rfftfreq(n, step) * PER_FS
    names = [chemical_symbols[z] for z in first.numbers]
    by_element = {
        name: spectra[[k for k, other in enumerate(names) if other == name]].sum(axis=0) for name in sorted(set(names))
    }
    return Spectrum(wavenumbers, spectra.sum(axis=0), by_element, _WIDTH * PER_FS / (lags * step))


def _autocorrelation(weighted: Float[np.ndarray, "M N 3"], lags: int) -> Float[np.ndarray, "N L"]:
    """Sums over frames of w(t0)·w(t0+t) for each atom; by Fourier transforms, padded so that the ends do not meet."""
    m = len(weighted)
    made = np.empty((weighted.shape[1], lags))
    for atom in range(weighted.shape[1]):
        transformed = np.fft.rfft(weighted[:, atom], n=2 * m, axis=0)
        made[atom] = np.fft.irfft((np.abs(transformed) ** 2).sum(axis=1), n=2 * m)[:lags]
    return made
