"""Water whose three vibrations are exactly harmonic: every frequency and every temperature is known beforehand."""

import numpy as np
from ase import units
from ase.build import molecule

from supple.simulation.analysis.spectrum import PER_FS
from supple.simulation.trajectories import Trajectory

WATER = molecule("H2O")
MASSES = WATER.get_masses()
WAVENUMBERS = (500.0, 1600.0, 3700.0)
KELVIN = 300.0


def vibrations():
    """Three orthonormal mass-weighted directions without moving and turning, shape (3, N, 3)."""
    root = np.sqrt(MASSES)[:, None]
    centred = WATER.positions - MASSES @ WATER.positions / MASSES.sum()
    rigid = [root * axis for axis in np.eye(3)] + [root * np.cross(axis, centred) for axis in np.eye(3)]
    left, _, _ = np.linalg.svd(np.array(rigid).reshape(6, -1).T, full_matrices=True)
    return left[:, 6:].T.reshape(3, -1, 3)


def trajectory(kelvins=(KELVIN,) * 3, n=20_000, step=1.0, drifting=None, turning=0.0, amplitude=1e-3, seed=0):
    """Each vibration with the mean kinetic energy of its temperature; positions hardly move, so that nothing is bent.

    `drifting` is the temperature of moving through space; `turning` of turning about one axis.
    """
    rng = np.random.default_rng(seed)
    t = np.arange(n) * step
    weighted = np.zeros((n, 3, 3))
    moved = np.zeros((n, 3, 3))
    for kelvin, cm, direction in zip(kelvins, WAVENUMBERS, vibrations(), strict=True):
        phase = 2 * np.pi * (cm / PER_FS * t + rng.random())
        # ½ <q̇²> = ½ kT
        weighted += (np.sqrt(2 * units.kB * kelvin) * np.cos(phase))[:, None, None] * direction
        moved += amplitude * np.sin(phase)[:, None, None] * direction
    root = np.sqrt(MASSES)[:, None]
    velocities = weighted / root
    if drifting is not None:
        velocities = velocities + np.sqrt(units.kB * drifting / MASSES.sum())
    if turning:
        centred = WATER.positions - MASSES @ WATER.positions / MASSES.sum()
        spin = np.cross((0.0, 0.0, 1.0), centred)
        velocities = velocities + spin * np.sqrt(3 * units.kB * turning / (MASSES @ (spin**2).sum(axis=1)))
    return Trajectory(
        "water.traj", WATER.numbers.astype(np.int64), WATER.positions + moved / root, MASSES,
        momenta=velocities * MASSES[:, None], times=t,
    )  # fmt: skip
