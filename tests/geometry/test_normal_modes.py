"""Normal modes of water, and thermal widths."""

import numpy as np
import pytest
from ase import units
from ase.build import molecule

from supple.geometry.minimisation import minimise
from supple.geometry.normal_modes import normal_modes, thermal_widths, wavenumbers


def test_normal_modes_of_water():
    tblite = pytest.importorskip("tblite.ase")

    def calculator():
        return tblite.TBLite(method="GFN2-xTB", accuracy=0.1, verbosity=0)

    minimum, _ = minimise(molecule("H2O"), calculator, fmax=1e-3)
    frequencies, modes = normal_modes(minimum, calculator)
    cm = wavenumbers(frequencies)
    assert modes.shape == (3, 3, 3)
    assert 1300 < cm[0] < 1800
    assert 3200 < cm[1] < cm[2] < 4200
    masses = minimum.get_masses()[:, None]
    np.testing.assert_allclose(np.einsum("vnc,wnc->vw", modes * masses, modes), np.eye(3), atol=1e-9)


def test_displacements_have_their_width():
    frequency = np.array([0.01 / (units._hbar * units.J * units.s)])  # a quantum of 0.01 eV

    def widths(temperature, quantum):
        return thermal_widths(frequency, temperature, quantum=quantum)

    assert 0.5 * (frequency * widths(300.0, False)) ** 2 == pytest.approx(units.kB * 300 / 2)
    assert widths(3000.0, True) == pytest.approx(widths(3000.0, False), rel=1e-3)
    assert widths(1.0, True)[0] > widths(1.0, False)[0]
