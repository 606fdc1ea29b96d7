"""The vibrational density of states: the spectrum of the mass-weighted velocity autocorrelation.

    C(t) = Σ_i m_i <v_i(0)·v_i(t)> / Σ_i m_i <v_i²> ;   D(ν) = 4 ∫_0^∞ C(t) cos(2πνt) dt ,   ∫_0^∞ D dν = 1

Dickey and Paskin, Phys. Rev. 188, 1407 (1969), doi 10.1103/PhysRev.188.1407. The autocorrelation is multiplied by the Parzen window,
whose spectrum is nowhere negative (Parzen, Technometrics 3, 167, 1961).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from ase import units
from ase.data import chemical_symbols
from jaxtyping import Float, Int

from supple.molecule.rigid_modes import motions
from supple.simulation.trajectories import Trajectory

#: Wavenumber of one oscillation per fs, cm⁻¹.
PER_FS = 1e15 / (units._c * 100)
#: Length of the autocorrelation, fs; of a short trajectory, a quarter of it.
_MAX_LAG = 4000.0
#: Full width at half maximum of a line, in units of 1/(length of the window).
_WIDTH = 1.27
#: cm⁻¹; vibrations of molecules with hydrogen are below the first, those of others below the second.
_HIGHEST_H, _HIGHEST = 4000.0, 2500.0
#: Prominence of a peak, as a fraction of the highest peak.
_PROMINENCE = 0.04


@dataclass(frozen=True, eq=False)
class Spectrum:
    """A vibrational density of states.

    Attributes:
        wavenumbers: cm⁻¹, shape (K,).
        density: density of states, cm, shape (K,); its integral is 1.
        by_element: the contribution of the atoms of each element.
        resolution: width of a sharp line, cm⁻¹.
    """

    wavenumbers: Float[np.ndarray, "K"]
    density: Float[np.ndarray, "K"]
    by_element: dict[str, Float[np.ndarray, "K"]]
    resolution: float

    @property
    def peaks(self) -> list[float]:
        """Wavenumbers of the prominent peaks, cm⁻¹."""
        from scipy.signal import find_peaks

        found, _ = find_peaks(self.density, prominence=_PROMINENCE * self.density.max())
        return [float(self.wavenumbers[k]) for k in found]


def nyquist_wavenumber(interval: float) -> float:
    """With frames `interval` fs apart, vibrations above this wavenumber (cm⁻¹) are aliased to lower ones."""
    return PER_FS / (2 * interval)


def aliasing(numbers: Int[np.ndarray, "N"], interval: float) -> str | None:
    """Why frames `interval` fs apart are too far apart for a spectrum of these atoms; None if they are not."""
    nyquist = nyquist_wavenumber(interval)
    highest = _HIGHEST_H if (numbers == 1).any() else _HIGHEST
    if nyquist >= highest:
        return None
    return (
        f"with frames {interval:g} fs apart, vibrations above {nyquist:.0f} cm⁻¹ appear at wrong, lower wavenumbers; save a "
        f"frame every {math.floor(interval * nyquist / highest)} fs"
    )


def spectrum(trajectories: list[Trajectory]) -> Spectrum:
    """The spectrum of trajectories of one molecule, which all have momenta and frames at the same, equal intervals.

    Translation and rotation are removed from the velocities of each frame.
    """
    first = trajectories[0]
    interval = first.interval
    assert interval is not None
    shortest = min(len(one) for one in trajectories)
    lags = max(min(round(_MAX_LAG / interval), shortest // 4), 2)
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
    spectra = 2 * interval / PER_FS * np.fft.rfft(even, axis=1).real
    wavenumbers = np.fft.rfftfreq(n, interval) * PER_FS
    names = [chemical_symbols[z] for z in first.numbers]
    by_element = {
        name: spectra[[k for k, other in enumerate(names) if other == name]].sum(axis=0) for name in sorted(set(names))
    }
    return Spectrum(wavenumbers, spectra.sum(axis=0), by_element, _WIDTH * PER_FS / (lags * interval))


def _autocorrelation(weighted: Float[np.ndarray, "M N 3"], lags: int) -> Float[np.ndarray, "N L"]:
    """Sums over frames of w(t0)·w(t0+t) for each atom, by Fourier transforms with zero padding."""
    m = len(weighted)
    result = np.empty((weighted.shape[1], lags))
    for atom in range(weighted.shape[1]):
        transformed = np.fft.rfft(weighted[:, atom], n=2 * m, axis=0)
        result[atom] = np.fft.irfft((np.abs(transformed) ** 2).sum(axis=1), n=2 * m)[:lags]
    return result
