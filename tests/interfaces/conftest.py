"""One small potential of each kind, as all properties are tested with; and what 'the same' means here."""

import numpy as np
import pytest
from properties import conftest as properties

potential, fitted, toy = properties.potential, properties.fitted, properties.toy


@pytest.fixture
def frames(toy):
    return toy[2].positions[:8]


def assert_same(potential, frames, energies, forces, tolerance=1e-6):
    """Energies and forces of another program, eV and eV/Å, beside the force field's own: to 1e-6 of the largest."""
    expected, forces_expected = potential.predict(np.asarray(frames))
    np.testing.assert_allclose(energies, expected, rtol=tolerance)
    np.testing.assert_allclose(forces, forces_expected, rtol=0, atol=tolerance * np.abs(forces_expected).max())
