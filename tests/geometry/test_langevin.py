"""Langevin dynamics."""

import numpy as np
import pytest
from ase.build import molecule
from fake_calculators import Springs

from supple.geometry.langevin import draw_momenta, run_langevin


def test_dynamics_that_diverge_are_an_error():
    atoms, rng = molecule("H2O"), np.random.default_rng(0)
    draw_momenta(atoms, 300.0, rng)
    atoms.set_momenta(atoms.get_momenta() * np.inf)
    with np.errstate(all="ignore"), pytest.raises(ArithmeticError, match="positions are no longer finite"):
        run_langevin(atoms, Springs, 300.0, 2.0, rng)
