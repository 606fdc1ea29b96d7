"""A small growth in a process of its own, which a test kills: `python growth_in_a_process.py MOLECULE FOLDER`."""

import sys
from pathlib import Path

import numpy as np
from ase.io import read
from fake_calculators import Springs

from supple import SGDML
from supple.growth import dynamics, growth
from supple.growth.settings import Goal, GrowthSettings


def main(molecule, folder):
    at_rest = read(molecule).positions
    rest = at_rest + 0.02 * np.random.default_rng(0).standard_normal(at_rest.shape)
    Springs.rest = np.linalg.norm(rest[:, None] - rest, axis=2)
    dynamics._SHORTEST, dynamics._LONGEST, dynamics._OF_TEST, dynamics.EVERY = 200.0, 200.0, 50.0, 10.0
    growth._EXPLORED = 60
    GrowthSettings.model_settings = lambda *_: SGDML(sigma=8.0, lam=1e-8, energies="learned")
    method = "fake_calculators:springs"
    settings = GrowthSettings(molecule=molecule, method=method, drive=method, baseline="none")
    growth.grow(settings, Goal.of("1e-6 meV/Å", 44), Path(folder))


if __name__ == "__main__":
    main(*sys.argv[1:])
